/**
 * The log: one JSON line an event on stdout, as those who run Kubernetes collect it; on a terminal a short line for
 * people instead. The only file that knows pino. Knows nothing of what is logged.
 *
 * Lines are written at once, so that the verdict is out before the process ends. A stdout that is closed or full must
 * never hurt the traffic: then lines are lost, not requests.
 */
import { writeSync } from 'node:fs'
import { pino, stdTimeFunctions, type LevelWithSilent, type Logger } from 'pino'

export type Log = Logger

const STDOUT = 1
/** What may wait for a reader that is slower than the log (its pipe is full and does not block). */
const MAX_WAITING_BYTES = 1024 * 1024
const RETRY_MS = 20
/** How long the last lines may hold up the exit. */
const LAST_WORDS_MS = 500

/** The log of the whole program, on stdout, from `level` up. */
export function createLog(level: LevelWithSilent): Log {
  const out = new Output(STDOUT)
  process.on('exit', () => out.flushNow())
  // Asking process.stdout also makes a pipe non-blocking: a reader that hangs must not hang the traffic.
  const write = process.stdout.isTTY
    ? (line: string) => out.write(humanLine(line))
    : (line: string) => out.write(line)
  return createLogOn(level, write)
}

/** The same log on something else: `write` gets whole JSON lines with their line ends. */
export function createLogOn(level: LevelWithSilent, write: (line: string) => void): Log {
  return pino(
    {
      level,
      // No pid and no hostname: in a pod the one is always the same, and the other is the collector's to add.
      base: { name: 'lastcall' },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
}

/** A JSON line as people read it: `12:00:01.123 INFO  phase: serving -> settling  inFlight=3`, in local time. */
export function humanLine(line: string): string {
  let event: Record<string, unknown>
  try {
    event = JSON.parse(line) as Record<string, unknown>
  } catch {
    return line
  }
  const { time, level, msg, name: _, err, ...fields } = event
  const at = new Date(String(time))
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':')
  const millis = String(at.getMilliseconds()).padStart(3, '0')
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`)
  if (err !== undefined) rest.push(isObject(err) ? shown(err['stack'] ?? err['message']) : shown(err))
  const text = [typeof msg === 'string' ? msg : '', rest.join(' ')].filter((part) => part !== '').join('  ')
  return `${clock}.${millis} ${String(level).toUpperCase().padEnd(5)} ${text}\n`
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A file descriptor that is written at once where it takes it, soon where it is full, and not at all once it is closed. */
class Output {
  readonly #fd: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #closed = false
  #retrying = false

  constructor(fd: number) {
    this.#fd = fd
  }

  /** Writes a line, after those that still wait. Never throws; where there is no more room, the oldest goes. */
  write(line: string): void {
    if (this.#closed) return
    const bytes = Buffer.from(line)
    // Not the very first: a part of it may be out already.
    while (this.#waiting.length > 1 && this.#waitingBytes + bytes.length > MAX_WAITING_BYTES)
      this.#waitingBytes -= this.#waiting.splice(1, 1)[0]!.length
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#drain()
  }

  /** Waits (blocking) a moment for what is left; for the end of the process. */
  flushNow(): void {
    const deadline = performance.now() + LAST_WORDS_MS
    const nap = new Int32Array(new SharedArrayBuffer(4))
    for (this.#drain(); this.#waiting.length > 0 && performance.now() < deadline; this.#drain())
      Atomics.wait(nap, 0, 0, RETRY_MS)
  }

  #drain(): void {
    try {
      while (this.#waiting.length > 0) {
        const [first] = this.#waiting as [Buffer]
        const written = writeSync(this.#fd, first)
        this.#waitingBytes -= written
        if (written === first.length) this.#waiting.shift()
        else this.#waiting[0] = first.subarray(written)
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#later()
      else this.#giveUp() // EPIPE, EIO, ENOSPC: nobody reads this any more
    }
  }

  #later(): void {
    if (this.#retrying) return
    this.#retrying = true
    setTimeout(() => {
      this.#retrying = false
      this.#drain()
    }, RETRY_MS).unref()
  }

  #giveUp(): void {
    this.#closed = true
    this.#waiting = []
    this.#waitingBytes = 0
  }
}
