/**
 * The pure cursors alone, as a program: `node bench/micro.ts [--json]`. Bytes a second and what is allocated for each
 * message: a guard against slow decay, not a comparison. Best of several rounds, as everything else only adds time.
 */

import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ChunkCursor } from '../src/protocol/http1/chunked.ts'
import { RequestHead } from '../src/protocol/http1/request-head.ts'
import { parseRequestHead } from '../src/protocol/http1/request-parser.ts'
import { parseResponseHead, ResponseHead } from '../src/protocol/http1/response-head.ts'
import { DATA, END_HEADERS, END_STREAM, frame, FrameCursor, HEADERS } from '../src/protocol/http2/frame.ts'
import { FrameCursor as WebSocketCursor } from '../src/protocol/websocket/frame.ts'
import { webSocketFrame } from './app-protocols.ts'

interface Subject {
  readonly name: string
  readonly bytes: Buffer
  /** Reads the bytes once; answers how far it came. */
  readonly read: (bytes: Buffer) => number
}

const ROUNDS = 7
const ROUND_MS = 150
const COUNTED = 5000
const MAX_HEAD = 32 * 1024
const MAX_TRAILERS = 32 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function lines(...all: readonly string[]): Buffer {
  return Buffer.from(`${all.join('\r\n')}\r\n\r\n`)
}

function chunks(size: number, count: number): Buffer {
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`
  return Buffer.from(`${chunk.repeat(count)}0\r\n\r\n`)
}

const request = new RequestHead()
const response = new ResponseHead()
const strict = new ChunkCursor(true, MAX_TRAILERS)
const lenient = new ChunkCursor(false, MAX_TRAILERS)

const readRequest = (bytes: Buffer): number => parseRequestHead(bytes, 0, bytes.length, MAX_HEAD, request)
const readResponse = (bytes: Buffer): number => parseResponseHead(bytes, 0, bytes.length, response)
const readChunks =
  (cursor: ChunkCursor) =>
  (bytes: Buffer): number => {
    cursor.reset()
    return cursor.advance(bytes, 0, bytes.length)
  }

function repeated(bytes: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => bytes))
}

/** An answer of HTTP/2: a field block of 50 bytes and a body. */
function http2Answer(bytes: number): Buffer {
  return Buffer.concat([
    frame(HEADERS, END_HEADERS, 1, Buffer.alloc(50)),
    frame(DATA, END_STREAM, 1, Buffer.alloc(bytes)),
  ])
}

const webSocket = new WebSocketCursor()
const http2 = new FrameCursor()

function readWebSocket(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length) at = webSocket.advance(bytes, at, bytes.length)
  return at
}

function readHttp2(bytes: Buffer): number {
  let at = 0
  while (at < bytes.length && http2.begin(bytes, at, bytes.length)) {
    at = http2.at + http2.left
    http2.left = 0
    http2.open = false
  }
  return at
}

const SUBJECTS: readonly Subject[] = [
  {
    name: 'request head, 4 fields',
    bytes: lines(
      'GET /items?id=42 HTTP/1.1',
      'Host: app.example:8080',
      'User-Agent: client/1.0',
      'Accept: */*',
      'Accept-Encoding: gzip, br',
    ),
    read: readRequest,
  },
  {
    name: 'request head of a browser',
    bytes: lines(
      'GET /rest/v1/items?select=id,name,price&order=price.desc&limit=50 HTTP/1.1',
      'Host: shop.example',
      'Connection: keep-alive',
      'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
      'sec-ch-ua-mobile: ?0',
      'sec-ch-ua-platform: "Linux"',
      'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
      'Accept: application/json, text/plain, */*',
      'Sec-Fetch-Site: same-origin',
      'Sec-Fetch-Mode: cors',
      'Sec-Fetch-Dest: empty',
      'Referer: https://shop.example/list',
      'Accept-Encoding: gzip, deflate, br, zstd',
      'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
      `Authorization: Bearer ${'e'.repeat(400)}`,
      'Cookie: session=0123456789abcdef0123456789abcdef; theme=dark',
    ),
    read: readRequest,
  },
  {
    name: 'request head, upload',
    bytes: lines(
      'POST /upload HTTP/1.1',
      'Host: app.example',
      'Content-Type: application/json',
      'Content-Length: 12345',
      'Connection: keep-alive',
    ),
    read: readRequest,
  },
  {
    name: 'response head, 3 fields',
    bytes: lines(
      'HTTP/1.1 200 OK',
      'Date: Sun, 22 Nov 2026 12:00:00 GMT',
      'Content-Type: text/plain',
      'Content-Length: 60',
    ),
    read: readResponse,
  },
  {
    name: 'response head of PostgREST',
    bytes: lines(
      'HTTP/1.1 200 OK',
      'Date: Sun, 22 Nov 2026 12:00:00 GMT',
      'Server: postgrest/14.1',
      'Content-Range: 0-49/*',
      'Content-Location: /items?limit=50',
      'Content-Type: application/json; charset=utf-8',
      'Transfer-Encoding: chunked',
    ),
    read: readResponse,
  },
  { name: 'chunks of 16 KiB, strict', bytes: chunks(16_384, 16), read: readChunks(strict) },
  { name: 'chunks of 100 bytes, strict', bytes: chunks(100, 600), read: readChunks(strict) },
  { name: 'chunks of 100 bytes, lenient', bytes: chunks(100, 600), read: readChunks(lenient) },
  { name: '1 WebSocket frame, 60 bytes', bytes: webSocketFrame(60, true), read: readWebSocket },
  {
    name: '64 WebSocket frames, 60 bytes',
    bytes: repeated(webSocketFrame(60, true), 64),
    read: readWebSocket,
  },
  {
    name: '64 WebSocket frames, 4 KiB',
    bytes: repeated(webSocketFrame(4096, true), 64),
    read: readWebSocket,
  },
  { name: '1 HTTP/2 answer, 60 bytes', bytes: http2Answer(60), read: readHttp2 },
  { name: '64 HTTP/2 answers, 60 bytes', bytes: repeated(http2Answer(60), 64), read: readHttp2 },
]

interface Speed {
  readonly name: string
  readonly nanoseconds: number
  readonly mibPerSecond: number
  readonly allocatedBytes: number
}

function measure({ name, bytes, read }: Subject): Speed {
  if (read(bytes) !== bytes.length) throw new Error(`${name}: not read to its end`)
  let best = Infinity
  for (let round = 0; round < ROUNDS; round += 1) best = Math.min(best, timeOf(read, bytes))
  return {
    name,
    nanoseconds: best,
    mibPerSecond: bytes.length / 2 ** 20 / (best / 1e9),
    allocatedBytes: allocatedBy(read, bytes),
  }
}

/** Nanoseconds for each message. */
function timeOf(read: Subject['read'], bytes: Buffer): number {
  let count = 0
  let passed = 0
  const began = performance.now()
  do {
    for (let turn = 0; turn < 200; turn += 1) count += read(bytes) > 0 ? 1 : 0
    passed = performance.now() - began
  } while (passed < ROUND_MS)
  return (passed * 1e6) / count
}

/** Bytes of the heap for each message: less than one is nothing. The least of some rounds: others allocate too. */
function allocatedBy(read: Subject['read'], bytes: Buffer): number {
  let least = Infinity
  for (let round = 0; round < ROUNDS; round += 1) {
    collect()
    const before = getHeapStatistics().used_heap_size
    for (let turn = 0; turn < COUNTED; turn += 1) read(bytes)
    least = Math.min(least, Math.max(0, getHeapStatistics().used_heap_size - before))
  }
  return least / COUNTED
}

const speeds = SUBJECTS.map(measure)
if (process.argv.includes('--json')) console.log(JSON.stringify(speeds))
else {
  for (const { name, nanoseconds, mibPerSecond, allocatedBytes } of speeds) {
    const cells = [
      nanoseconds.toFixed(0).padStart(7),
      mibPerSecond.toFixed(0).padStart(7),
      allocatedBytes.toFixed(1).padStart(7),
    ]
    console.log(`${name.padEnd(30)}${cells[0]} ns${cells[1]} MiB/s${cells[2]} bytes allocated`)
  }
}
