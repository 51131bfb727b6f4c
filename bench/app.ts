/**
 * The app behind every peer, as a program: `node bench/app.ts PORT`. It answers with canned bytes and looks at requests no
 * more than it must, so that it is not what is measured: /s 60 bytes, /k 4 KiB, /d/BYTES that many; POST: swallows the
 * body, then 60 bytes. WebSocket and HTTP/2 are app-protocols.ts. Keeps connections for ever.
 */

import { createServer, type Socket } from 'node:net'
import { adopt, canTakeHandles, takeHandles } from '../src/proxy/sockets/native.ts'
import { Echo, Http2Visit, switching, type Turned } from './app-protocols.ts'

const HEAD_END = '\r\n\r\n'
const CHUNK = Buffer.alloc(256 * 1024, 'x')
const SMALL = answer(60)
const PAGE = answer(4096)
const READ = Buffer.allocUnsafeSlow(256 * 1024)

function head(bytes: number): Buffer {
  const lines = [
    'HTTP/1.1 200 OK',
    'Date: Sun, 22 Nov 2026 12:00:00 GMT',
    'Content-Type: text/plain',
    `Content-Length: ${bytes}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}${HEAD_END}`)
}

function answer(bytes: number): Buffer {
  return Buffer.concat([head(bytes), Buffer.alloc(bytes, 'x')])
}

/** One connection: where its request stands. */
class Visit {
  readonly #socket: () => Socket
  #head = ''
  #left = 0
  /** A chunked body ends with its last five bytes. */
  #chunked = false
  #tail = ''
  /** Set once the connection speaks another protocol. */
  #turned: Turned | undefined

  constructor(socket: () => Socket) {
    this.#socket = socket
  }

  read(count: number, bytes: Buffer): void {
    if (this.#turned !== undefined) return this.#speak(this.#turned, bytes.subarray(0, count))
    if (this.#left > 0) return this.#body(count)
    if (this.#chunked) return this.#chunks(bytes.subarray(0, count))
    // 'GET /s' in one piece: nearly every request.
    if (this.#head === '' && bytes[0] === 0x47 && bytes[count - 1] === 0x0a && bytes[count - 3] === 0x0a) {
      if (bytes[5] === 0x73) return void this.#socket().write(SMALL)
      if (bytes[5] === 0x6b) return void this.#socket().write(PAGE)
    }
    this.#head += bytes.toString('latin1', 0, count)
    const end = this.#head.indexOf(HEAD_END)
    if (end < 0) return
    const request = this.#head.slice(0, end)
    const rest = this.#head.slice(end + HEAD_END.length)
    this.#head = ''
    this.#answer(request, rest)
  }

  #answer(request: string, rest: string): void {
    if (request.startsWith('POST ')) {
      if (/\r\ntransfer-encoding: *chunked/i.test(request)) {
        this.#chunked = true
        return this.#chunks(Buffer.from(rest, 'latin1'))
      }
      this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(request)?.[1] ?? 0)
      return this.#body(rest.length)
    }
    if (request.startsWith('PRI ')) return this.#turn(new Http2Visit(), rest)
    const key = /\r\nsec-websocket-key: *(\S+)/i.exec(request)?.[1]
    if (key !== undefined) {
      this.#socket().write(switching(key))
      return this.#turn(new Echo(), rest)
    }
    if (request.startsWith('GET /d/')) return this.#download(Number.parseInt(request.slice(7), 10))
    this.#socket().write(request.startsWith('GET /k') ? PAGE : SMALL)
  }

  #turn(turned: Turned, rest: string): void {
    this.#turned = turned
    if (rest !== '') this.#speak(turned, Buffer.from(rest, 'latin1'))
  }

  #speak(turned: Turned, bytes: Buffer): void {
    const said = turned.read(bytes)
    if (said !== undefined) this.#socket().write(said)
  }

  #body(count: number): void {
    this.#left -= count
    if (this.#left <= 0) this.#socket().write(SMALL)
  }

  #chunks(bytes: Buffer): void {
    this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - 5))).slice(-5)
    if (this.#tail !== `0${HEAD_END}`) return
    this.#chunked = false
    this.#tail = ''
    this.#socket().write(SMALL)
  }

  #download(bytes: number): void {
    const socket = this.#socket()
    let left = bytes
    const go = (): void => {
      while (left > 0 && !socket.destroyed) {
        const take = Math.min(left, CHUNK.length)
        left -= take
        if (!socket.write(CHUNK.subarray(0, take)) && left > 0) return void socket.once('drain', go)
      }
    }
    socket.write(head(bytes))
    go()
  }
}

const server = createServer({ noDelay: true })
server.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1', backlog: 4096 }, () => {
  if (!canTakeHandles(server)) throw new Error('this Node does not give out the handles of its connections')
  takeHandles(
    server,
    (handle) => {
      const visit = new Visit(() => socket)
      const callback = (count: number, bytes: Uint8Array): boolean => {
        visit.read(count, bytes as Buffer)
        return true
      }
      const socket: Socket = adopt(handle, { buffer: () => READ, callback })
      socket.on('error', () => undefined)
      socket.on('end', () => socket.end())
    },
    () => undefined,
  )
})
process.on('SIGTERM', () => process.exit(0))
