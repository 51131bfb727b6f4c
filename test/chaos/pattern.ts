/** Bodies that tell whose they are: each id has bytes of its own, at every place, so that a checksum needs no memory. */
import { Random } from '../fuzz/random.ts'

const PERIOD = 65_536
/** Coprime to the period: ids that are less than a period apart begin at different places. */
const STRIDE = 7919
const random = new Random(1)
const once = Buffer.from(Array.from({ length: PERIOD }, () => random.below(256)))
const TWICE = Buffer.concat([once, once])

/** The bytes of body `id` from `at` on, at most `count` and at most a period. Valid for ever, not to be written to. */
export function piece(id: number, at: number, count: number): Buffer {
  const start = (id * STRIDE + at) % PERIOD
  return TWICE.subarray(start, start + Math.min(count, PERIOD))
}

/** Whether these bytes are those of body `id` from `at` on. */
export function matches(id: number, at: number, bytes: Buffer): boolean {
  for (let done = 0; done < bytes.length;) {
    const wanted = piece(id, at + done, bytes.length - done)
    if (wanted.compare(bytes, done, done + wanted.length) !== 0) return false
    done += wanted.length
  }
  return true
}
