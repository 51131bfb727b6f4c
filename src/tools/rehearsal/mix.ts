/**
 * What the clients of a rehearsal ask for: a closed list of plans, each a kind of client, how many of them, how long
 * they are silent between two requests, and what the right answer is. Every answer repeats the request's id, so that
 * an answer meant for somebody else is a wrong one. For the bundled app (app.ts), or for any one path.
 */

import type { ClientKind, Outgoing } from './client.ts'
import type { Random } from './random.ts'

export interface Ask extends Outgoing {
  /** The body of a right answer; undefined if any will do. */
  readonly expect: string | undefined
  /** The id that the ledger must have exactly once if the request is acknowledged. */
  readonly order?: string
}

export interface Plan {
  readonly name: string
  readonly kinds: readonly ClientKind[]
  /** So many clients of each kind. */
  readonly each: number
  readonly idleMs: (random: Random) => number
  readonly ask: (id: string, random: Random) => Ask
}

const KIB = 1024
const CHUNK_BYTES = 32 * KIB
const JSON_TYPE = 'application/json'
/** The longest that the mix keeps a connection waiting between two requests, and for an answer. */
const LONGEST_IDLE_MS = 7000
const LONGEST_ANSWER_MS = 6000

/** The whole mix, for the bundled app. `density` multiplies the number of clients. */
export function fullMix(density = 1): readonly Plan[] {
  const both: readonly ClientKind[] = ['undici', 'agent']
  const clients = (count: number) => Math.max(1, Math.round(count * density))
  return [
    {
      name: 'keep-alive',
      kinds: both,
      each: clients(3),
      idleMs: (random) => random.between(20, 120),
      ask: (id) => ({ method: 'GET', path: `/?id=${id}`, expect: `ok ${id}\n` }),
    },
    {
      name: 'new-connection',
      kinds: ['fresh'],
      each: clients(3),
      idleMs: (random) => random.between(30, 150),
      ask: (id) => ({ method: 'GET', path: `/?id=${id}`, expect: `ok ${id}\n` }),
    },
    {
      name: 'idle-post',
      kinds: both,
      each: clients(10),
      idleMs: (random) => random.magnitude(20, LONGEST_IDLE_MS),
      ask: (id, random) => ({
        method: 'POST',
        path: `/orders?id=${id}`,
        body: { chunks: [Buffer.from(`{"id":"${id}"}`)], gapMs: 0, framing: framing(random) },
        expect: `applied ${id}\n`,
        order: id,
      }),
    },
    {
      name: 'slow',
      kinds: both,
      each: clients(3),
      idleMs: (random) => random.between(50, 500),
      ask: (id, random) => ({
        method: 'GET',
        path: `/slow?ms=${Math.round(random.between(1000, LONGEST_ANSWER_MS))}&id=${id}`,
        expect: `slow ${id}\n`,
      }),
    },
    {
      name: 'upload',
      kinds: both,
      each: clients(1),
      idleMs: (random) => random.between(100, 600),
      ask: (id, random) => {
        const bytes = Math.round(random.between(100 * KIB, 500 * KIB))
        const gapMs = random.next() < 0.5 ? 0 : random.between(20, 150)
        return {
          method: 'POST',
          path: `/upload?id=${id}`,
          body: { chunks: cut(Buffer.alloc(bytes, id)), gapMs, framing: framing(random) },
          expect: `received ${bytes} ${id}\n`,
        }
      },
    },
    {
      name: 'download',
      kinds: both,
      each: clients(1),
      idleMs: (random) => random.between(100, 600),
      ask: (id, random) => {
        const bytes = Math.round(random.between(64 * KIB, 512 * KIB))
        const path = `/download?bytes=${bytes}&id=${id}`
        return { method: 'GET', path, expect: Buffer.alloc(bytes, id).toString() }
      },
    },
  ]
}

/**
 * The same clients for an app that is not ours: GETs of one path, whatever it answers (but 5xx). `postPath`: where
 * small POSTs may go as well; without it nothing is sent that could change something.
 */
export function pathMix(path: string, density = 1, postPath?: string): readonly Plan[] {
  const ask = (): Ask => ({ method: 'GET', path, expect: undefined })
  const names = new Map([
    ['keep-alive', 'keep-alive'],
    ['new-connection', 'new-connection'],
    ['idle-post', 'idle'],
  ])
  return fullMix(density).flatMap(({ name, kinds, each, idleMs }) => {
    const own = names.get(name)
    if (own === undefined) return []
    const plan = { name: own, kinds, each, idleMs, ask }
    if (postPath === undefined || name !== 'idle-post') return [plan]
    return [plan, { ...plan, name, ask: (id: string, random: Random) => post(postPath, id, random) }]
  })
}

function post(path: string, id: string, random: Random): Ask {
  const body = {
    chunks: [Buffer.from(`{"id":"${id}"}`)],
    gapMs: 0,
    framing: framing(random),
    type: JSON_TYPE,
  }
  return { method: 'POST', path, body, expect: undefined }
}

function framing(random: Random): 'length' | 'chunked' {
  return random.next() < 0.5 ? 'length' : 'chunked'
}

function cut(bytes: Buffer): Buffer[] {
  const chunks = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES))
  return chunks
}
