/**
 * HTTP/2 with prior knowledge: nginx, nghttpd and Node behind lastcall answer curl, nghttp, h2load and Node as they do
 * alone; large heads too; and one port serves HTTP/1.1 beside it.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttp1 } from 'node:http'
import { connect, createServer as createHttp2, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import tap, { type Test } from 'tap'
import { FILE_TEXT, FILE_TIME } from '../fixtures/exchanges.ts'
import { file, folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { startProgram } from '../fixtures/program.ts'
import { accepting, type Place, type Sidecar, startSidecar } from '../fixtures/sidecar.ts'

const run = promisify(execFile)
const curl = installed('curl')
const nghttp = installed('nghttp')
const h2load = installed('h2load')
/** What a client of gRPC sends a thousand times a second. */
const MESSAGE = Buffer.alloc(100, 'm')
const LARGE = '~'.repeat(6000)

/** The output of a program; tap's own loaders are not for it. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 1 << 24, timeout: 30_000 })
  return stdout
}

async function through(t: Test, { host, port }: Place): Promise<Sidecar> {
  const sidecar = await startSidecar(t, { app: `${host}:${port}` })
  await sidecar.ready()
  return sidecar
}

/** What clients get from there, in words that do not change from call to call. */
async function seen(t: Test, { port }: Place): Promise<Record<string, unknown>> {
  const url = (path: string) => `http://127.0.0.1:${port}${path}`
  const got: Record<string, unknown> = {}
  if (curl === undefined) t.comment('curl is not installed')
  else {
    const ask = async (...args: string[]) => output(curl, ['-s', '--http2-prior-knowledge', ...args])
    got['curl'] = await ask('-w', '%{http_version} %{http_code}', url('/file.txt'))
    got['curl, 404'] = await ask('-w', '%{http_code}', '-o', '/dev/null', url('/none'))
    got['curl, HEAD'] = await ask(
      '-I',
      '-w',
      '%{http_code} %header{content-length}',
      '-o',
      '/dev/null',
      url('/file.txt'),
    )
  }
  if (nghttp === undefined) t.comment('nghttp is not installed')
  else {
    const many = Array.from({ length: 5 }, () => url('/file.txt'))
    got['nghttp'] = await output(nghttp, many)
    got['nghttp, large heads in CONTINUATIONs'] = await output(nghttp, [
      `-Hx-large: ${LARGE}`,
      '--continuation',
      '--padding=100',
      url('/small.txt'),
    ])
  }
  if (h2load === undefined) t.comment('h2load is not installed')
  else {
    const said = await output(h2load, ['-n', '2000', '-c', '4', '-m', '20', url('/small.txt')])
    got['h2load'] = /^requests:.*\nstatus codes:.*/m.exec(said)?.[0]
  }
  return got
}

/** nginx and nghttpd serve the same files. */
function site(t: Test): string {
  const home = folder(t)
  file(home, 'file.txt', FILE_TEXT, FILE_TIME)
  file(home, 'small.txt', 'small\n', FILE_TIME)
  return home
}

const nginx = installed('nginx')
await tap.test('nginx', { skip: missing(nginx, 'nginx-light') }, async (t) => {
  const home = site(t)
  const direct = { host: '127.0.0.1', port: await freePort() }
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home};`,
  )
  const configuration = file(
    home,
    'nginx.conf',
    `daemon off; master_process off; pid ${join(home, 'pid')}; error_log stderr; events {}
    http {
      access_log off; ${temporary.join(' ')}
      large_client_header_buffers 8 32k;
      server {
        listen 127.0.0.1:${direct.port} http2; root ${home};
        location = /forwarded { return 200 "$http_x_forwarded_for\\n"; }
      }
    }`,
  )
  startProgram(t, { command: nginx!, args: ['-c', configuration, '-e', 'stderr'] })
  await accepting(direct)
  const sidecar = await through(t, direct)
  t.same(await seen(t, sidecar.listen), await seen(t, direct))
  if (curl === undefined) return
  const ask = ['-s', '--http2-prior-knowledge', `${sidecar.url}/forwarded`]
  t.equal(await output(curl, ask), '127.0.0.1\n')
})

const nghttpd = installed('nghttpd')
await tap.test('nghttpd', { skip: missing(nghttpd, 'nghttp2-server') }, async (t) => {
  const home = site(t)
  const direct = { host: '127.0.0.1', port: await freePort() }
  startProgram(t, { command: nghttpd!, args: ['--no-tls', '-a', direct.host, '-d', home, `${direct.port}`] })
  await accepting(direct)
  const sidecar = await through(t, direct)
  t.same(await seen(t, sidecar.listen), await seen(t, direct))
})

await tap.test('Node, of which one port speaks HTTP/1.1 and HTTP/2', async (t) => {
  const http1 = createHttp1((request, response) =>
    response.end(`1 ${String(request.headers['x-forwarded-for'])}`),
  )
  const http2 = createHttp2()
  http2.on('stream', (stream, headers: IncomingHttpHeaders) => {
    stream.respond({ ':status': 200, 'x-large': String(headers['x-large'] ?? '') })
    stream.end(`2 ${String(headers['x-forwarded-for'])}`)
  })
  const sockets = new Set<Socket>()
  const door = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('readable', () => {
      const first = socket.read() as Buffer | null
      if (first === null) return
      socket.unshift(first)
      const server = first.subarray(0, 3).equals(Buffer.from('PRI')) ? http2 : http1
      server.emit('connection', socket)
    })
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  t.teardown(() => {
    door.close()
    for (const socket of sockets) socket.destroy()
  })
  const sidecar = await through(t, { host: '127.0.0.1', port: (door.address() as AddressInfo).port })

  const client = connect(sidecar.url)
  t.teardown(() => client.destroy())
  const ask = async (headers = {}): Promise<[string, IncomingHttpHeaders]> => {
    const stream = client.request({ ':path': '/', ...headers })
    const [response] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    return [await text(stream), response]
  }
  const fetched = await Promise.all([
    ...Array.from({ length: 20 }, async () => (await ask())[0]),
    ...Array.from({ length: 20 }, async () => (await fetch(sidecar.url)).text()),
  ])
  t.same(new Set(fetched.slice(0, 20)), new Set(['2 127.0.0.1']))
  t.same(new Set(fetched.slice(20)), new Set(['1 127.0.0.1']))
  const large = { 'x-large': LARGE.repeat(4) }
  const [body, headers] = await ask(large)
  t.same([body, headers['x-large']], ['2 127.0.0.1', large['x-large']], 'a head that needs CONTINUATION')
  t.ok(
    (await sidecar.metric('lastcall_requests_total{protocol="http2",method="GET",status_class="2xx"}'))! >=
      21,
  )
  t.ok(
    (await sidecar.metric('lastcall_requests_total{protocol="http1",method="GET",status_class="2xx"}'))! >=
      20,
  )
})

await tap.test('an upload of many small messages, each measured by the app with a PING', async (t) => {
  const MESSAGES = 3000
  const heard = { messages: 0, pongs: 0 }
  const server = createHttp2({ maxOutstandingPings: MESSAGES })
  server.on('stream', (stream) => {
    // A grpc-go server measures the line so (its estimate of bandwidth times delay).
    stream.on('data', (message: Buffer) => {
      heard.messages += message.length / MESSAGE.length
      stream.session?.ping((error) => (heard.pongs += error === null ? 1 : 0))
    })
    stream.on('end', () => {
      stream.respond({ ':status': 200 })
      stream.end(String(heard.messages))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sidecar = await through(t, { host: '127.0.0.1', port })
  t.teardown(() => server.close())
  const client = connect(sidecar.url)
  t.teardown(() => client.destroy())
  const upload = client.request({ ':method': 'POST', ':path': '/' })
  const answer = text(upload)
  // One message a frame: the next is written when the line has taken the last.
  for (let i = 0; i < MESSAGES; i++)
    await new Promise<void>((resolve) => upload.write(MESSAGE, () => setImmediate(resolve)))
  upload.end()
  t.equal(await answer, String(MESSAGES))
  t.ok(heard.pongs > MESSAGES / 2, `${heard.pongs} PINGs were answered`)
  t.equal(await sidecar.metric('lastcall_refused_total{reason="ping-flood"}'), 0)
})
