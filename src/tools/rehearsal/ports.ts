/**
 * Ports for pods that share one address. They are taken from below the range that kernels use for outgoing
 * connections (Linux from 32768, macOS from 49152), so that no client's own port can be in the way later.
 */

import { createServer } from 'node:net'
import { Random } from './random.ts'

const FIRST = 18_000
const LAST = 32_000
const ATTEMPTS = 200

/**
 * A generator for `freePort` whose numbers no other process repeats. Seeds made of process ids and the rehearsal's own seed
 * did: two rehearsals side by side took the same ports.
 */
export function randomPorts(): Random {
  return new Random(Math.floor(Math.random() * 0x1_0000_0000))
}

/** A port of 127.0.0.1 that nobody listens on, not in `taken` (to which it is added). Throws if it finds none. */
export async function freePort(random: Random, taken: Set<number>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = Math.floor(random.between(FIRST, LAST))
    if (taken.has(port)) continue
    taken.add(port)
    if (await canListen(port)) return port
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`)
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
