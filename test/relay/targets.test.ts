/** How much of a request's target is kept, and for whom: a client may send 32 KiB of it on each of its connections. */
import tap from 'tap'
import { rawClient } from '../fixtures/raw.ts'
import { startRelay } from '../fixtures/relay.ts'
import { startRawApp } from '../fixtures/raw-app.ts'
import { until } from '../fixtures/until.ts'

const TARGET = `/${'a'.repeat(30_000)}`
const ASK = `GET ${TARGET} HTTP/1.1\r\nHost: x\r\n\r\n`

void tap.test(
  'a viewer does not make each connection hold a head of 32 KiB: as much is kept as is shown',
  async (t) => {
    const app = await startRawApp(t)
    const { relay, place } = await startRelay(t, app.port, false, undefined, {}, { accessLog: 'off' })
    const shown = () => [...relay.requests(0)].map(({ target }) => target)
    const before = await rawClient(t, place)
    before.send(ASK)
    await until('it is in flight', () => relay.facts.inFlight === 1)
    t.same(shown(), [undefined], 'nobody watches: none is kept')
    relay.watched(true)
    const during = await rawClient(t, place)
    during.send(ASK)
    await until('both are', () => shown().length === 2 && shown()[1] !== undefined)
    t.equal(shown()[1], TARGET.slice(0, 256))
    relay.watched(false)
    const after = await rawClient(t, place)
    after.send(ASK)
    await until('all are', () => relay.facts.inFlight === 3)
    t.equal(shown()[2], undefined)
  },
)

void tap.test('the access log has the whole target, watched or not', async (t) => {
  const app = await startRawApp(t)
  const logged: string[] = []
  const accessLog = ({ target }: { target: string }) => logged.push(target)
  const { relay, place } = await startRelay(
    t,
    app.port,
    false,
    undefined,
    { accessLog },
    { accessLog: 'all' },
  )
  for (const [i, watched] of [true, false].entries()) {
    relay.watched(watched)
    const client = await rawClient(t, place)
    client.send(ASK)
    const call = await app.call(i)
    call.send('HTTP/1.1 204 No Content\r\n\r\n')
    await client.answer()
  }
  await until('both are logged', () => logged.length === 2)
  t.same(logged, [TARGET, TARGET])
})
