/**
 * The log: one JSON line per event on stdout, as Kubernetes collects it; on a terminal, a short line for people. The
 * only file that uses pino.
 *
 * Lines are written at once, so that the verdict is out before the process ends. A closed or full stdout must never
 * affect traffic: then lines are lost, not requests.
 */
import { writeSync } from 'node:fs'
import { pino, stdTimeFunctions, type LevelWithSilent, type Logger } from 'pino'

export type Log = Logger

const STDOUT = 1
/** How much may wait for a slow reader (its pipe is full, and does not block). */
const MAX_WAITING_BYTES = 1024 * 1024
const RETRY_MS = 20
/** How long the last lines may delay the exit. */
const LAST_LINES_MS = 500

/** The log of the program, on stdout, from `level` up. */
export function createLog(level: LevelWithSilent): Log {
  const out = new Output(STDOUT)
  process.on('exit', () => out.flushNow())
  // Reading process.stdout also makes a pipe non-blocking, so that a reader that hangs does not block the traffic.
  const write = process.stdout.isTTY
    ? (line: string) => out.write(humanLine(line))
    : (line: string) => out.write(line)
  return createLogOn(level, write)
}

/** The same log, passed to `write` as whole JSON lines with their newlines. */
export function createLogOn(level: LevelWithSilent, write: (line: string) => void): Log {
  return pino(
    {
      level,
      // No pid and no hostname: in a pod the first is always the same, and the log collector adds the second.
      base: { name: 'lastcall' },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
}

/**
 * Turns a JSON line into one for people: `12:00:01.123 INFO  phase: serving -> settling  inFlight=3`, in local time.
 */
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

/** A file descriptor: written at once if it takes the bytes, soon if it is full, and never again once it is closed. */
class Output {
  readonly #fd: number
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #closed = false
  #retrying = false

  constructor(fd: number) {
    this.#fd = fd
  }

  /** Writes a line after those that wait. Never throws; if there is no room, the oldest lines are dropped. */
  write(line: string): void {
    if (this.#closed) return
    const bytes = Buffer.from(line)
    // Not the very first, of which a part may have been written.
    while (this.#waiting.length > 1 && this.#waitingBytes + bytes.length > MAX_WAITING_BYTES)
      this.#waitingBytes -= this.#waiting.splice(1, 1)[0]!.length
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#drain()
  }

  /** Writes what is left, blocking for a moment; for the end of the process. */
  flushNow(): void {
    const deadline = performance.now() + LAST_LINES_MS
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
