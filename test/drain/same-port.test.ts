/**
 * The app's own port on two addresses of the pod, with the app on loopback: through a whole stop. (Both are IPv4: of IPv6,
 * a machine has no address that is neither loopback nor its network's. test/relay/gates.test.ts has ::1.)
 */
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { refused, withDefaults } from '../fixtures/drain.ts'
import { startProgram } from '../fixtures/program.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const MAIN = fileURLToPath(new URL('../fixtures/scripted-main.ts', import.meta.url))
const POD = ['127.0.0.2', '127.0.0.3']

await tap.test('clients of either address are served to the end, and both doors close', async (t) => {
  const app = startProgram(t, { command: process.execPath, args: [MAIN, '0'] })
  const port = Number((await app.line(/^listening /)).split(' ')[1])
  const sidecar = await startSidecar(t, {
    app: `127.0.0.1:${port}`,
    flags: withDefaults(['--listen', `[${POD.join(',')}]:${port}`]),
  })
  await sidecar.ready()
  const clients = await Promise.all(POD.map((host) => rawClient(t, { host, port })))
  for (const [i, client] of clients.entries()) client.send(requestText('GET', `/gate/${i}`))
  await until(
    'both stand at their gates',
    () => app.lines.filter((line) => /^arrived \d$/.test(line)).length === 2,
  )
  sidecar.signal('SIGTERM')
  await sidecar.phase('draining')
  for (const host of POD) await refused({ listen: { host, port } })
  for (const i of POD.keys()) {
    const release = await rawClient(t, { host: '127.0.0.1', port })
    release.send(requestText('GET', `/release/${i}`))
    await release.answer('GET')
    t.equal((await clients[i]!.answer('GET')).status, 200)
  }
  app.signal('SIGTERM')
  t.match(await sidecar.end(20_000), { code: 0 })
})
