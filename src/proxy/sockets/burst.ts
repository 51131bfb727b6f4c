/**
 * Gathers the chunks that a client sends in bulk, on the portable path, so that they leave in one system call. Node
 * reads at most 64 KiB at a time from an accepted socket, and each write to the app costs a wake-up and a segment of
 * its own. A full read usually means that more follows at once; a shorter one, or the end of this turn of the event
 * loop, ends the burst. Only one port gathers at a time, up to a limit. A burst that the kernel does not take holds
 * memory, so nothing is gathered while too much of that waits: memory stays bounded however many apps are slow.
 */

import type { Socket } from 'node:net'

export interface BurstWriter {
  /**
   * Writes the parts now, in one call. Part i lies in chunk i, whose memory is freed once it is written. Returns true
   * if the kernel took everything; otherwise `written` is called when it has.
   */
  sendBurst(parts: readonly Buffer[], chunks: readonly Buffer[]): boolean
  /** What was gathered has been sent; called at the end of this turn of the event loop. */
  burstSent(): void
}

/** The most that a stream reads at a time. */
const FULL_READ = 64 * 1024
/** The maximum number of gathered chunks: 512 KiB. */
const MOST = 8
/** While waiting writes hold this many chunks more than they would without gathering (4 MiB), nothing is gathered. */
const MOST_WAITING = 64

export class Burst {
  #writer: BurstWriter | undefined
  #parts: Buffer[] = []
  #chunks: Buffer[] = []
  /** Chunks in waiting writes, not counting one of each write. */
  #waiting = 0
  /** Writers whose bytes were gathered in this turn of the event loop. */
  readonly #waited = new Set<BurstWriter>()

  /** Whether bytes of this writer are gathered here. */
  holds(writer: BurstWriter): boolean {
    return this.#writer === writer
  }

  /** Gathers a part of a chunk, which must not change until it is written. A chunk shorter than a full read ends the burst. */
  add(writer: BurstWriter, part: Buffer, chunk: Buffer): void {
    if (this.#writer !== writer) {
      this.flush()
      this.#writer = writer
    }
    this.#parts.push(part)
    this.#chunks.push(chunk)
    const most = this.#waiting < MOST_WAITING ? MOST : 1
    if (this.#parts.length >= most || chunk.length < FULL_READ) return this.flush()
    if (this.#waited.size === 0) setImmediate(() => this.#endTurn())
    this.#waited.add(writer)
  }

  flush(): void {
    const writer = this.#writer
    if (writer === undefined) return
    const parts = this.#parts
    const chunks = this.#chunks
    this.#writer = undefined
    this.#parts = []
    this.#chunks = []
    if (!writer.sendBurst(parts, chunks)) this.#waiting += chunks.length - 1
  }

  /** A waiting write of this many chunks is done. */
  written(count: number): void {
    this.#waiting -= count - 1
  }

  #endTurn(): void {
    this.flush()
    const waited = [...this.#waited]
    this.#waited.clear()
    for (const writer of waited) writer.burstSent()
  }
}

/** Writes the parts in one system call, as far as the kernel takes them. `done` is called once for all of them. */
export function writeTogether(
  socket: Socket,
  parts: readonly Buffer[],
  done: (error?: NodeJS.ErrnoException | null) => void,
): void {
  const last = parts.length - 1
  socket.cork()
  for (let at = 0; at < last; at += 1) socket.write(parts[at]!)
  socket.write(parts[last]!, done)
  socket.uncork()
}
