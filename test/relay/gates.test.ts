/** Several addresses: a pod's own, of both families, with the app on the same port of loopback. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import tap from 'tap'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startRelay } from '../fixtures/relay.ts'
import { startScripted } from '../fixtures/scripted.ts'

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)
const OTHER = HAS_IPV6 ? '::1' : '127.0.0.3'

async function refused(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ host, port })
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  return error.code
}

for (const native of [true, false]) {
  const how = native ? 'native' : 'portable'
  void tap.test(
    `the app's own port on each address of the pod, closed and opened together (${how})`,
    async (t) => {
      const app = await startScripted(t)
      const port = Number(app.address.split(':').at(-1))
      const listen = { host: '127.0.0.2', also: [OTHER], port }
      const { relay } = await startRelay(t, port, native, listen)
      const hosts = [listen.host, OTHER]
      for (let round = 0; round < 2; round += 1) {
        for (const host of hosts) {
          const client = await rawClient(t, { host, port })
          client.send(requestText('GET', `/post/round-${round}`))
          t.equal((await client.answer('GET')).status, 200, host)
        }
        await relay.closeListeners()
        for (const host of hosts) t.equal(await refused(host, port), 'ECONNREFUSED', host)
        t.equal((await relay.listen())[0]?.port, port)
      }
    },
  )
}

void tap.test('an address that is taken: none of them is open', async (t) => {
  const taken = createServer().listen({ host: OTHER, port: 0 })
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const listen = { host: '127.0.0.2', also: [OTHER], port }
  await t.rejects(startRelay(t, 1, true, listen), { code: 'EADDRINUSE', address: OTHER })
  t.equal(await refused('127.0.0.2', port), 'ECONNREFUSED')
})
