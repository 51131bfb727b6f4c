/**
 * A hook is answered when nothing is in flight, and not at a moment when what is in flight changes what it is: the
 * kubelet would kill the app with the request in its hands. DESIGN §3.
 */
import tap, { type Test } from 'tap'
import { inFlight, withDefaults } from '../fixtures/drain.ts'
import { rawClient, type RawClient, requestText } from '../fixtures/raw.ts'
import { type RawApp, startRawApp } from '../fixtures/raw-app.ts'
import { type Answer, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

interface Scene {
  readonly app: RawApp
  readonly sidecar: Sidecar
  readonly client: RawClient
  /** The hook of the app's container, which waits. */
  readonly hook: Promise<Answer>
  /** Whether it has been answered. */
  answered(): boolean
}

/** A drain without proof, draining already, with what the client has sent in flight. */
async function draining(t: Test, sends: string): Promise<Scene> {
  const app = await startRawApp(t)
  const sidecar = await startSidecar(t, {
    app: app.address,
    flags: withDefaults(['--settle', '0ms', '--quiet', '50ms']),
  })
  await sidecar.ready()
  const client = await rawClient(t, sidecar.listen)
  client.send(sends)
  await app.call()
  let answered = false
  const hook = sidecar.ask('GET', '/prestop/app').then((answer) => {
    answered = true
    return answer
  })
  await sidecar.phase('draining')
  return { app, sidecar, client, hook, answered: () => answered }
}

/** Two round trips to the admin server, which is told of what has happened before: a hook that is answered, is by then. */
async function settled({ sidecar }: Scene): Promise<void> {
  await sidecar.status()
  await sidecar.status()
}

const UPGRADE = requestText('GET', '/', undefined, 'Connection: Upgrade\r\nUpgrade: other\r\n')

void tap.test('not at the instant of a 101', async (t) => {
  const scene = await draining(t, UPGRADE)
  const call = await scene.app.call()
  call.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\nhello')
  await scene.client.until('the other protocol', () => scene.client.text.endsWith('hello'))
  await settled(scene)
  t.notOk(scene.answered())
  t.equal(await inFlight(scene.sidecar), 1)
  call.socket.end()
  scene.client.socket.end()
  t.equal((await scene.hook).status, 200)
})

void tap.test('not when the head of the response is not understood', async (t) => {
  const scene = await draining(t, requestText('GET', '/'))
  const call = await scene.app.call()
  call.send('what is this\r\n\r\n')
  await scene.client.until('it', () => scene.client.text.includes('what is this'))
  await settled(scene)
  t.notOk(scene.answered())
  t.equal(await inFlight(scene.sidecar), 1)
  call.socket.end()
  t.equal((await scene.hook).status, 200)
})

void tap.test('not between two pipelined requests', async (t) => {
  const scene = await draining(t, requestText('GET', '/1') + requestText('GET', '/2'))
  const call = await scene.app.call()
  call.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1')
  t.equal((await scene.client.answer()).body, '1')
  await call.until('the second request', () => call.text.includes('GET /2'))
  await settled(scene)
  t.notOk(scene.answered())
  t.equal(await inFlight(scene.sidecar), 1)
  call.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2')
  t.equal((await scene.client.answer()).body, '2')
  t.equal((await scene.hook).status, 200)
})

void tap.test('not while the rest of an upload waits for the app', async (t) => {
  const app = await startRawApp(t, { paused: true })
  const sidecar = await startSidecar(t, {
    app: app.address,
    flags: withDefaults(['--settle', '0ms', '--quiet', '50ms']),
  })
  await sidecar.ready()
  const size = 32 * 1024 * 1024
  const client = await rawClient(t, sidecar.listen)
  client.send(`PUT / HTTP/1.1\r\nHost: test\r\nContent-Length: ${size}\r\n\r\n`)
  client.send(Buffer.alloc(size, 'x'))
  await until('a request in flight', async () => (await inFlight(sidecar)) === 1)
  // The app answers before it has read the request, and reads on at its leisure.
  for (const { socket } of app.calls) socket.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n')
  t.equal((await client.answer('PUT')).status, 202)
  let answered = false
  const hook = sidecar.ask('GET', '/prestop/app').then(() => (answered = true))
  await sidecar.phase('draining')
  await sidecar.status()
  t.notOk(answered)
  let got = 0
  for (const one of app.calls) {
    one.socket.removeAllListeners('data')
    one.socket.on('data', (text: string) => (got += text.length))
    one.socket.resume()
  }
  await until('the whole upload', () => got > size)
  await hook
  t.ok(answered)
})
