/** WebSocket messages there and back, one under way on each connection. Frames are ready-made; echoes are counted by bytes. */

import { webSocketFrame } from '../app-protocols.ts'
import type { Measured, Task } from './messages.ts'
import { talk, type Talker } from './talk.ts'

const REQUEST = Buffer.from(
  `${[
    'GET /ws HTTP/1.1',
    'Host: app.example:8080',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ].join('\r\n')}\r\n\r\n`,
)
const HEAD_END = '\r\n\r\n'

export function webSocket(task: Extract<Task, { kind: 'websocket' }>): Promise<Measured> {
  const message = webSocketFrame(task.bytes, true)
  const size = webSocketFrame(task.bytes, false).length
  return talk(task, (answered) => new Client(message, size, answered))
}

class Client implements Talker {
  readonly #message: Buffer
  readonly #size: number
  readonly #answered: () => void
  #head: string | undefined = ''
  #have = 0

  constructor(message: Buffer, size: number, answered: () => void) {
    this.#message = message
    this.#size = size
    this.#answered = answered
  }

  opened(): Buffer {
    return REQUEST
  }

  read(bytes: Buffer): Buffer | string | undefined {
    if (this.#head !== undefined) return this.#handshake(bytes)
    this.#have += bytes.length
    if (this.#have < this.#size) return undefined
    if (this.#have > this.#size) return 'more than one answer'
    this.#have = 0
    this.#answered()
    return this.#message
  }

  #handshake(bytes: Buffer): Buffer | string | undefined {
    this.#head += bytes.toString('latin1')
    if (!this.#head!.endsWith(HEAD_END)) return undefined
    if (!this.#head!.startsWith('HTTP/1.1 101')) return this.#head!.slice(0, 100)
    this.#head = undefined
    return this.#message
  }
}
