/** Fuzzes for a number of messages or a time, and reports what was tried and the first difference. */
import { compareRequests, compareResponses } from './compare.ts'
import { Judge } from './llhttp.ts'
import { requestStream, responseStream } from './messages.ts'
import { Random } from './random.ts'

export interface Tally {
  requests: number
  acceptedRequests: number
  responses: number
  acceptedResponses: number
}

export interface Difference {
  readonly what: string
  readonly side: 'client' | 'app'
  readonly stream: Buffer
  /** The seed of the stream alone. */
  readonly seed: number
}

/** Streams are numbered; each has a seed of its own, so that one can be tried again alone. */
export function* campaign(seed: number): Generator<{ tally: Tally; difference: Difference | undefined }> {
  const judge = new Judge()
  const seeds = new Random(seed)
  const tally: Tally = { requests: 0, acceptedRequests: 0, responses: 0, acceptedResponses: 0 }
  for (;;) {
    const streamSeed = seeds.below(2 ** 32)
    yield { tally, difference: tryOne(judge, streamSeed, tally) }
  }
}

/** Tries one stream alone; its messages are added to `tally`. */
export function tryOne(judge: Judge, seed: number, tally: Tally): Difference | undefined {
  const random = new Random(seed)
  const side = random.chance(67) ? 'client' : 'app'
  const { text, messages } = side === 'client' ? requestStream(random) : responseStream(random)
  const stream = Buffer.from(text, 'latin1')
  const { difference, accepted } =
    side === 'client' ? compareRequests(judge, stream, random) : compareResponses(judge, stream, random)
  if (side === 'client') {
    tally.requests += messages
    tally.acceptedRequests += accepted
  } else {
    tally.responses += messages
    tally.acceptedResponses += accepted
  }
  return difference === undefined ? undefined : { what: difference, side, stream, seed }
}

/** How much was tried, in a line. */
export function summary({ requests, acceptedRequests, responses, acceptedResponses }: Tally): string {
  return `requests ${share(acceptedRequests, requests)}, responses ${share(acceptedResponses, responses)}`
}

function share(part: number, whole: number): string {
  return `${whole} (${Math.round((100 * part) / Math.max(1, whole))} % accepted)`
}
