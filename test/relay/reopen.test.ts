/** A listener that was closed opens again: a drain that turned out to be a false alarm ends so (DESIGN §3). */
import { once } from 'node:events'
import { connect } from 'node:net'
import tap from 'tap'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startRelay } from '../fixtures/relay.ts'
import { startScripted } from '../fixtures/scripted.ts'

for (const native of [true, false]) {
  void tap.test(
    `a closed listener opens again on its port, and clients are served (${native ? 'native' : 'portable'})`,
    async (t) => {
      const app = await startScripted(t)
      const { relay, place } = await startRelay(t, Number(app.address.split(':').at(-1)), native)
      const kept = await rawClient(t, place)
      kept.send(requestText('GET', '/post/before'))
      t.equal((await kept.answer('GET')).status, 200)
      for (let round = 0; round < 3; round += 1) {
        await relay.closeListeners()
        const refused = connect(place)
        const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException]
        t.equal(error.code, 'ECONNREFUSED')
        t.equal((await relay.listen())[0]?.port, place.port)
        const client = await rawClient(t, place)
        client.send(requestText('GET', `/post/round-${round}`))
        t.equal((await client.answer('GET')).status, 200)
      }
      kept.send(requestText('GET', '/post/after'))
      t.equal((await kept.answer('GET')).status, 200, 'a connection from before has seen nothing of it')
    },
  )
}

for (const native of [true, false]) {
  void tap.test(
    `a close that is taken back in time closes nothing (${native ? 'native' : 'portable'})`,
    async (t) => {
      const app = await startScripted(t)
      const { relay, place } = await startRelay(t, Number(app.address.split(':').at(-1)), native)
      let wanted = true
      const closing = relay.closeListeners(() => wanted)
      wanted = false
      t.equal(await closing, false)
      const client = await rawClient(t, place)
      client.send(requestText('GET', '/post/one'))
      t.equal((await client.answer('GET')).status, 200)
      t.equal(await relay.closeListeners(), true)
    },
  )
}
