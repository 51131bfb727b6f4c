/** The fuzzers by name, as the runner drives them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { encode, fenced } from '../fixtures/transcript.ts'
import * as http1 from './campaign.ts'
import * as http2 from './http2/campaign.ts'
import { compare } from './http2/nghttp2.ts'
import { Judge } from './llhttp.ts'
import * as webSocket from './websocket/campaign.ts'

export interface Difference {
  readonly what: string
  /** The seed of the one stream or connection. */
  readonly one: number
  /** Where it was written down. */
  readonly saved?: string
}

/** After one stream or connection more. */
export interface Step {
  /** Tried so far, by kind; grows from step to step. */
  readonly tally: Readonly<Record<string, number>>
  readonly difference: Difference | undefined
}

export interface Kind {
  /** What counts as a message, out of the tally. */
  messages(tally: Step['tally']): number
  campaign(seed: number): AsyncGenerator<Step>
  /** Tries one stream or connection alone. */
  one(seed: number): Promise<string | undefined>
}

/** nghttp2 is slow: it judges one connection in so many. */
const JUDGED_BY_NGHTTP2 = 10

export const KINDS: Readonly<Record<string, Kind>> = {
  /** A difference is saved as a transcript, which fails the wire tests until it is understood. */
  http1: {
    messages: ({ requests = 0, responses = 0 }) => requests + responses,
    async *campaign(seed) {
      for (const { tally, difference: found } of http1.campaign(seed))
        yield {
          tally: { ...tally },
          difference: found && {
            what: `${found.side}: ${found.what}`,
            one: found.seed,
            saved: save(found),
          },
        }
    },
    one: async (seed) => {
      const tally = { requests: 0, acceptedRequests: 0, responses: 0, acceptedResponses: 0 }
      return http1.tryOne(new Judge(), seed, tally)?.what
    },
  },
  http2: {
    messages: ({ streams = 0 }) => streams,
    async *campaign(seed) {
      let judged = 0
      for (const { tally, finding, seed: one } of http2.campaign(seed)) {
        const isJudged = tally.connections % JUDGED_BY_NGHTTP2 === 0
        if (isJudged) judged += 1
        const what = finding ?? (isJudged ? await compare(one) : undefined)
        yield {
          tally: { ...tally, judgedByNghttp2: judged },
          difference: what === undefined ? undefined : { what, one },
        }
      }
    },
    one: async (seed) => http2.tryOne(seed, http2.nothing()) ?? compare(seed),
  },
  websocket: {
    messages: ({ frames = 0 }) => frames,
    async *campaign(seed) {
      for await (const { tally, finding, seed: one } of webSocket.campaign(seed))
        yield { tally: { ...tally }, difference: finding === undefined ? undefined : { what: finding, one } }
    },
    one: async (seed) => webSocket.tryOne(seed, webSocket.nothing()),
  },
}

function save({ what, side, stream, seed }: http1.Difference): string {
  const folder = fileURLToPath(new URL('../wire/found/', import.meta.url))
  const path = `${folder}${side}-${seed}.md`
  const asked = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  const blocks = side === 'client' ? [] : fenced('client', encode(asked))
  const text = [
    '# Found by fuzzing',
    '',
    `## ${what.replaceAll('\n', ' ')}`,
    '',
    'DESIGN §2: to be understood.',
    '',
  ]
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${[...text, ...blocks, ...fenced(side, encode(stream))].join('\n')}\n`)
  return path
}
