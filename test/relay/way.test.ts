/** Which way the program relays, what its log says of it, and that it serves on a Node whose inside is another one. */
import { once } from 'node:events'
import tap from 'tap'
import { AskingWriter, findWriter } from '../../src/proxy/sockets/native.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startScripted } from '../fixtures/scripted.ts'
import { startSidecar } from '../fixtures/sidecar.ts'

const BROKEN_NODE = new URL('../fixtures/broken-node.ts', import.meta.url).href
const MIB = 1024 * 1024

await tap.test('native on this Node, and the log says so', async (t) => {
  const app = await startScripted(t)
  const sidecar = await startSidecar(t, { app: app.address })
  t.match(await sidecar.log('relay: '), { level: 'info', msg: 'relay: native' })
})

for (const given of [{ flags: ['--relay=portable'] }, { env: { LASTCALL_RELAY: 'portable' } }])
  await tap.test(`portable if told so, by ${Object.keys(given)[0]}`, async (t) => {
    const app = await startScripted(t)
    const sidecar = await startSidecar(t, { app: app.address, ...given })
    t.match(await sidecar.log('relay: '), { level: 'info', msg: 'relay: portable (chosen with --relay)' })
  })

const BROKEN: readonly (readonly [string, RegExp])[] = [
  ['handles are checked', /found no way to write to a handle/],
  // Where Node makes the requests of writes itself, nobody looks at their ids.
  ...(findWriter() instanceof AskingWriter
    ? ([
        ['requests never have an id', /no write had to wait/],
        ['requests always have an id', /a small write was not taken at once/],
      ] as const)
    : []),
]

for (const [broken, why] of BROKEN)
  await tap.test(`on a Node where ${broken}: portable, a warning, and no client stalls`, async (t) => {
    const app = await startScripted(t)
    const sidecar = await startSidecar(t, {
      app: app.address,
      nodeFlags: ['--import', BROKEN_NODE],
      env: { BROKEN_NODE: broken },
    })
    const { level, msg } = await sidecar.log('relay: ')
    t.equal(level, 'warn')
    t.match(msg, /^relay: portable \(/)
    t.match(msg, why)
    await sidecar.ready()

    const reader = await rawClient(t, sidecar.listen)
    reader.socket.pause()
    reader.send(requestText('GET', `/bytes/${8 * MIB}`))
    // As much as fits into the kernel has been written by then, and the rest waits, which is nobody else's business.
    const other = await rawClient(t, sidecar.listen)
    for (let i = 0; i < 20; i++) {
      other.send(requestText('GET', '/'))
      t.equal((await other.answer()).body, 'hello')
    }
    reader.socket.resume()
    t.equal((await reader.answer()).body.length, 8 * MIB)

    const writer = await rawClient(t, sidecar.listen)
    writer.send(requestText('PUT', '/upload/1', 'x'.repeat(8 * MIB)))
    t.match(await writer.answer('PUT'), { status: 200 })
    writer.socket.end()
    await once(writer.socket, 'close')
    t.equal(sidecar.program.exit, undefined, 'it still runs')
  })
