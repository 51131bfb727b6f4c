/**
 * A gRPC client of the load: one channel, by turns a unary call and a stream of answers of one to six seconds. Each call
 * is one request and is never sent again (retries are off): it ends with OK and the right messages, or has failed.
 * Leaving on GOAWAY and dialling again is the channel's own business.
 *
 * REFUSED_STREAM says that a call was not looked at (RFC 9113 §8.7), and every gRPC client sends it again by itself
 * ("transparent retry"). With retries off it shows; mostly the call has not even left: nghttp2 drops a HEADERS that
 * was still queued when GOAWAY came. No server can help that, so it is counted apart, as crossed.
 */
import { Client, credentials, type Metadata, status } from '@grpc/grpc-js'
import { pause } from '../../src/tools/rehearsal/pause.ts'
import type { Random } from '../../src/tools/rehearsal/random.ts'
import { COUNT, ECHO } from '../rollout-app/methods.ts'
import type { Record } from './main.ts'

const TIMEOUT_MS = 25_000
const SHORTEST_IDLE_MS = 20
const LONGEST_IDLE_MS = 3000
const LONGEST_STREAM_MS = 6000
const OPTIONS = {
  'grpc.enable_retries': 0,
  // A connection of its own for each channel of this process.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
}

interface Outcome {
  readonly pod: string | undefined
  readonly failure: string | undefined
}

/** What grpc-js says of REFUSED_STREAM. */
const REFUSED = `${status[status.UNAVAILABLE]} Stream refused by server`

/** Calls `origin` (http://host:port) until `signal`; never rejects. */
export async function grpcLoad(
  origin: string,
  random: Random,
  signal: AbortSignal,
  record: (one: Record) => void,
): Promise<void> {
  const { hostname, port } = new URL(origin)
  const channel = new Client(`${hostname}:${port === '' ? 80 : port}`, credentials.createInsecure(), OPTIONS)
  let last: string | undefined
  while (await pause(random.magnitude(SHORTEST_IDLE_MS, LONGEST_IDLE_MS), signal)) {
    const startedAt = performance.now()
    const unary = random.next() < 0.7
    const { pod, failure } = unary ? await echo(channel, `echo ${startedAt}`) : await count(channel, random)
    record({
      client: 'grpc',
      path: unary ? ECHO.path : COUNT.path,
      pod: pod ?? last,
      // A channel has one connection: another pod is another one.
      reused: pod === undefined || pod === last,
      startedAt,
      endedAt: performance.now(),
      ...(failure?.startsWith(REFUSED) === true ? { crossed: true } : { failure }),
    })
    last = pod ?? last
  }
  channel.close()
}

function echo(channel: Client, text: string): Promise<Outcome> {
  return new Promise((resolve) => {
    let pod: string | undefined
    const { path, requestSerialize, responseDeserialize } = ECHO
    const call = channel.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      Buffer.from(text),
      { deadline: Date.now() + TIMEOUT_MS },
      (error, answer) => {
        const wrong = answer?.toString() === text ? undefined : 'wrong echo'
        resolve({ pod, failure: error === null ? wrong : `${status[error.code]} ${error.details}` })
      },
    )
    call.on('metadata', (metadata) => (pod = podOf(metadata)))
  })
}

function count(channel: Client, random: Random): Promise<Outcome> {
  return new Promise((resolve) => {
    let pod: string | undefined
    const gapMs = Math.round(random.between(20, 300))
    const most = Math.round(random.between(1000, LONGEST_STREAM_MS) / gapMs)
    const got: string[] = []
    const { path, requestSerialize, responseDeserialize } = COUNT
    const call = channel.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      Buffer.from(`${most} ${gapMs}`),
      { deadline: Date.now() + TIMEOUT_MS },
    )
    call.on('metadata', (metadata) => (pod = podOf(metadata)))
    call.on('data', (answer: Buffer) => got.push(answer.toString()))
    // Said by the status as well, which comes always.
    call.on('error', () => undefined)
    call.on('status', ({ code, details }) => {
      const right = got.length === most && got.every((text, index) => text === String(index + 1))
      const wrong = right ? undefined : `wrong stream: ${got.length} of ${most}`
      const failure = code === status.OK ? wrong : `${status[code]} ${details} after ${got.length} of ${most}`
      resolve({ pod, failure })
    })
  })
}

function podOf(metadata: Metadata): string | undefined {
  return metadata.get('x-pod')[0]?.toString()
}
