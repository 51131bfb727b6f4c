/**
 * A request that is cut never looks complete to the app, and one that its client has sent in full is never cut, whatever
 * the app has answered meanwhile and whatever phase it is. DESIGN §2; RFC 9112 §9.6.
 */
import { request as httpRequest } from 'node:http'
import tap, { type Test } from 'tap'
import { inFlight, PHASE, verdictOf, withDefaults } from '../fixtures/drain.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { rawClient, requestText } from '../fixtures/raw.ts'
import { type RawApp, startRawApp } from '../fixtures/raw-app.ts'
import { type Sidecar, startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok'

async function scene(t: Test, flags: readonly string[] = []): Promise<{ app: RawApp; sidecar: Sidecar }> {
  const app = await startRawApp(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: withDefaults(flags) })
  await sidecar.ready()
  return { app, sidecar }
}

function upload(body: string, length = body.length, fields = ''): string {
  return `POST / HTTP/1.1\r\nHost: test\r\nContent-Length: ${length}\r\n${fields}\r\n${body}`
}

for (const way of ['native', 'portable']) {
  const relay = ['--relay', way]

  void tap.test(`${way}: an upload without end ends when its app has answered and gone`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen, true)
    client.send('POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n')
    const call = await app.call()
    call.socket.end('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
    t.match(await client.answer('POST'), { status: 413 })
    t.equal(await client.end(), 'fin')
    call.socket.destroy()
    const uploading = setInterval(() => client.send('3\r\nabc\r\n'), 5)
    t.teardown(() => clearInterval(uploading))
    await until('nothing in flight', async () => (await inFlight(sidecar)) === 0)
  })

  void tap.test(
    `${way}: an early answer in lame duck has no farewell, and the upload is complete`,
    async (t) => {
      const { app, sidecar } = await scene(t, [...relay, '--quiet', '2s'])
      const client = await rawClient(t, sidecar.listen)
      client.send(upload('first ', 12))
      const call = await app.call()
      sidecar.signal('SIGTERM')
      await sidecar.log(PHASE.lameDuck)
      call.send(ACCEPTED)
      t.match(await client.answer('POST'), { status: 202, closes: false })
      client.send('second')
      await call.until('the whole upload', () => call.text.endsWith('first second'))
      // The next answer on the connection says it.
      client.send(requestText('GET', '/next'))
      await call.until('the next request', () => call.text.includes('GET /next'))
      call.send(ACCEPTED)
      t.match(await client.answer(), { status: 202, closes: true })
      t.equal(await client.end(), 'fin')
    },
  )

  void tap.test(`${way}: node:http finishes an upload that was answered early in lame duck`, async (t) => {
    const { app, sidecar } = await scene(t, [...relay, '--quiet', '2s'])
    const size = 2_000_000
    const request = httpRequest({ ...sidecar.listen, method: 'POST', headers: { 'content-length': size } })
    const status = new Promise((resolve, reject) => {
      request.on('response', (response) => resolve(response.resume().statusCode))
      request.on('error', reject)
    })
    request.write(Buffer.alloc(1000, 'x'))
    const call = await app.call()
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.lameDuck)
    call.send(ACCEPTED)
    t.equal(await status, 202)
    for (let sent = 1000; sent < size; sent += 1000) request.write(Buffer.alloc(1000, 'x'))
    request.end()
    await call.until('all of it', () => call.text.length > size)
    t.ok(call.text.endsWith('xxx'))
  })

  void tap.test(`${way}: the last part of a body that was answered early is delivered`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen)
    client.send(upload('abcde', 10, 'Connection: close\r\n'))
    const call = await app.call()
    call.send(ACCEPTED)
    t.equal((await client.answer('POST')).status, 202)
    client.send('fghij')
    t.equal(await call.end(), 'fin')
    t.ok(call.text.endsWith('abcdefghij'), call.text)
  })

  void tap.test(`${way}: a malformed next request takes nothing from the body before it`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen)
    client.send(upload('abcde', 10))
    const call = await app.call()
    call.send(ACCEPTED)
    t.equal((await client.answer('POST')).status, 202)
    client.send('fghijGET / HTTP/1.1\r\nno colon\r\n\r\n')
    t.equal((await client.answer()).status, 400)
    t.equal(await call.end(), 'fin')
    t.ok(call.text.endsWith('abcdefghij'), call.text)
  })

  void tap.test(`${way}: a large last part waits for an app that is slow to read it`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const size = 24 * 1024 * 1024
    const client = await rawClient(t, sidecar.listen)
    client.send(upload('x', size, 'Connection: close\r\n'))
    const call = await app.call()
    call.socket.pause()
    call.send(ACCEPTED)
    t.equal((await client.answer('POST')).status, 202)
    client.send(Buffer.alloc(size - 1, 'x'))
    await until('the client is slowed down', () => client.socket.writableLength > 0)
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.draining)
    t.equal(await inFlight(sidecar), 1)
    call.socket.resume()
    t.equal(await call.end(), 'fin')
    t.equal(call.text.length - call.text.indexOf('\r\n\r\n') - 4, size)
    await sidecar.log(PHASE.drained)
  })

  void tap.test(`${way}: an app that half-closes behind an early answer still gets the upload`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen, true)
    client.send(upload('abcde', 10))
    const call = await app.call()
    call.socket.end(ACCEPTED.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
    t.equal((await client.answer('POST')).status, 202)
    t.equal(await client.end(), 'fin')
    client.send('fghij')
    t.equal(await call.end(), 'fin')
    t.ok(call.text.endsWith('abcdefghij'), call.text)
  })

  void tap.test(`${way}: the client's reset reaches the app as a reset`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen)
    client.send(upload('abcde', 10))
    const call = await app.call()
    client.socket.resetAndDestroy()
    t.equal(await call.end(), 'reset')
  })

  void tap.test(`${way}: the client's FIN stays a FIN, behind all that it sent`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen)
    client.send(upload('abcde', 10))
    const call = await app.call()
    client.socket.end('fg')
    t.equal(await call.end(), 'fin')
    t.ok(call.text.endsWith('abcdefg'), call.text)
  })

  void tap.test(`${way}: a malformed chunk cuts the request with a reset`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen)
    client.send('POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n')
    const call = await app.call()
    client.send('no hex\r\n')
    t.equal((await client.answer('POST')).status, 400)
    t.equal(await call.end(), 'reset')
  })

  void tap.test(`${way}: what follows a large body in the same read is delivered, too`, async (t) => {
    const { app, sidecar } = await scene(t, relay)
    const client = await rawClient(t, sidecar.listen)
    // On an open connection to the app: while it is dialled, bytes are copied.
    client.send(requestText('GET', '/first'))
    const call = await app.call()
    call.send(ACCEPTED)
    t.equal((await client.answer()).status, 202)
    const body = 'x'.repeat(40_000)
    client.send(upload(body) + upload('second', 6).replace('POST /', 'POST /second'))
    await call.until('the first upload', () => call.text.length > body.length)
    call.send(ACCEPTED)
    t.equal((await client.answer('POST')).status, 202)
    await call.until('the second', () => call.text.endsWith('second'))
    t.ok(call.text.includes(`${body}POST /second HTTP/1.1`))
    call.send(ACCEPTED)
    t.equal((await client.answer('POST')).status, 202)
  })

  for (const cause of ['the deadline', 'a second SIGTERM'] as const) {
    void tap.test(`${way}: ${cause} cuts an upload with a reset, also as the process ends`, async (t) => {
      const { app, sidecar } = await scene(t, [
        ...relay,
        ...(cause === 'the deadline' ? ['--grace-period', '4s'] : []),
      ])
      const client = await rawClient(t, sidecar.listen)
      client.send(upload('abcde', 10))
      const call = await app.call()
      sidecar.signal('SIGTERM')
      await sidecar.log(PHASE.draining)
      if (cause === 'a second SIGTERM') sidecar.signal('SIGTERM')
      t.equal(await call.end(), 'reset')
      t.equal(await client.end(), 'reset')
      t.equal((await sidecar.end(10_000)).code, 1)
      t.match(verdictOf(sidecar), { cut: 1, finished: 0 })
    })
  }
}

void tap.test(
  'curl: an upload that is answered early in lame duck is complete',
  { skip: missing(installed('curl'), 'curl') },
  async (t) => {
    const { execFile } = await import('node:child_process')
    const { app, sidecar } = await scene(t, ['--quiet', '2s'])
    const size = 2_000_000
    const curl = new Promise<string>((resolve, reject) => {
      const child = execFile(
        'curl',
        [
          '-sS',
          '--limit-rate',
          '4M',
          '-w',
          '%{http_code}',
          '-o',
          '/dev/null',
          '-H',
          'Expect:',
          '--data-binary',
          '@-',
          sidecar.url,
        ],
        (error, out) => (error === null ? resolve(out) : reject(error)),
      )
      child.stdin!.end(Buffer.alloc(size, 'x'))
    })
    const call = await app.call()
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.lameDuck)
    call.send(ACCEPTED)
    t.equal(await curl, '202')
    await call.until('all of it', () => call.text.endsWith('x') && call.text.length > size)
    t.ok(call.text.length - call.text.indexOf('\r\n\r\n') - 4 >= size)
  },
)
