/**
 * The rollout in miniature, for what is not plain requests: WebSocket, gRPC and event streams, with a few GETs beside
 * them on the same port. With lastcall a message is answered or its connection closed with 1001, no gRPC call fails, no
 * event is missed and no stream of events is cut; bare, all of them lose, so that the test is known to be able to fail.
 * DESIGN §3.
 */
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { grpcLoad } from '../../images/load-client/grpc.ts'
import type { Record as One } from '../../images/load-client/main.ts'
import { webSocketLoad } from '../../images/load-client/websocket.ts'
import { fullMix } from '../../src/tools/rehearsal/mix.ts'
import { recordRehearsal } from '../../src/tools/rehearsal/rehearse.ts'
import { type Journal, type Report, reportOf } from '../../src/tools/rehearsal/report.ts'
import { type AppSpec, bare, lastcall, type Strategy } from '../../src/tools/rehearsal/strategies.ts'
import { leaveAfter } from '../fixtures/leave.ts'
import { type EventRecord, eventLoad, streamLoad, type StreamRecord } from '../fixtures/protocol-clients.ts'

const WEBSOCKETS = 8
/** Channels of each kind: mixed calls that are never tried again, and streams of 5 s as grpc-js does by default. */
const CHANNELS = 4
const EVENT_SOURCES = 6
const seed = Number(process.env['LASTCALL_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const plans = fullMix(0.1).filter(({ name }) => name === 'keep-alive' || name === 'new-connection')
const script = fileURLToPath(new URL('../fixtures/protocol-app.ts', import.meta.url))

t.setTimeout(180_000)
leaveAfter(t)

interface Seen {
  readonly journal: Journal
  readonly report: Report
  readonly webSocket: readonly One[]
  readonly grpc: readonly One[]
  readonly streams: readonly StreamRecord[]
  readonly events: readonly EventRecord[]
}

async function run(test: Test, strategy: Strategy, replicas: number, ports: 1 | 2 = 1): Promise<Seen> {
  const app: AppSpec = {
    command: (port, others) => [process.execPath, script, ...[port, ...others].map(String)],
    env: { EVENTS_SINCE: String(Date.now()) },
    healthPath: '/',
  }
  const others: One[] = []
  const streams: StreamRecord[] = []
  let events: readonly EventRecord[] = []
  const record = (one: One) => void others.push(one)
  const journal = await recordRehearsal({
    strategy,
    replicas,
    rollouts: 1,
    seed,
    app,
    plans,
    progress: (line) => test.comment(line),
    others: ports === 1 ? [] : ['auto'],
    async companions(origin, random, signal, [grpc = origin]) {
      const sources = Array.from({ length: EVENT_SOURCES }, () => eventLoad(origin, signal))
      await Promise.all([
        ...times(WEBSOCKETS, () => webSocketLoad(origin, random.fork(), signal, record)),
        ...times(CHANNELS, () => grpcLoad(grpc, random.fork(), signal, record)),
        ...times(CHANNELS, () => streamLoad(grpc, signal, (one) => streams.push(one))),
      ])
      events = await Promise.all(sources)
    },
  })
  const seen: Seen = {
    journal,
    report: reportOf(journal),
    webSocket: others.filter(({ client }) => client === 'websocket'),
    grpc: others.filter(({ client }) => client === 'grpc'),
    streams,
    events,
  }
  test.comment(figures(seen))
  return seen
}

function times(count: number, load: () => Promise<void>): Promise<void>[] {
  return Array.from({ length: count }, load)
}

function figures({ journal, report, webSocket, grpc, streams, events }: Seen): string {
  const of = (many: readonly Partial<Pick<One, 'failure' | 'crossed'>>[]) =>
    `${many.length}, failed ${failures(many).length}, crossed ${many.filter(({ crossed }) => crossed).length}`
  const ids = events.reduce((sum, one) => sum + one.ids.length, 0)
  const said = [...failures(webSocket), ...failures(grpc), ...failures(streams), ...faults(events)]
  const lateMs = Math.round(journal.worstLatenessMs)
  return [
    `seed ${seed}, rollout ${journal.rolloutMs.map(Math.round).join()} ms, harness at most ${lateMs} ms late`,
    `GETs: ${report.requests}, failed ${report.failures.length}`,
    `WebSocket messages: ${of(webSocket)}`,
    `gRPC calls without retries: ${of(grpc)}`,
    `gRPC streams of 5 s: ${of(streams)}`,
    `events: ${ids} in ${connections(events)} connections, faults ${faults(events).length}`,
    ...new Set(said.map((text) => text.replace(/ \(\d{4}-.*/, ''))),
  ].join('\n')
}

function failures(many: readonly { readonly failure?: string | undefined }[]): string[] {
  return many.flatMap(({ failure }) => failure ?? [])
}

function faults(events: readonly EventRecord[]): string[] {
  return events.flatMap((one) => one.faults)
}

function connections(events: readonly EventRecord[]): number {
  return events.reduce((sum, one) => sum + one.pods.length, 0)
}

void t.test('bare pods lose messages, calls and streams', { timeout: 60_000 }, async (test) => {
  const { webSocket, grpc, streams, events } = await run(test, bare, 2)
  test.ok(failures(webSocket).length > 0, 'WebSockets were closed without a word')
  test.ok(failures([...grpc, ...streams]).length > 0, 'gRPC calls failed')
  test.ok(failures(streams).length > 0, 'even where grpc-js may try again')
  test.ok(faults(events).length > 0, 'streams of events were cut')
})

for (const ports of [1, 2] as const)
  void t.test(
    `lastcall loses nothing of any protocol, ${ports === 1 ? 'on one port' : 'with gRPC on a second port'}`,
    { timeout: 120_000 },
    async (test) => losesNothing(test, ports),
  )

async function losesNothing(test: Test, ports: 1 | 2): Promise<void> {
  const seen = await run(test, lastcall(ports === 1 ? 'plain' : 'native'), 3, ports)
  const { journal, report, webSocket, grpc, streams, events } = seen
  test.same(report.failures, [], 'no GET failed')
  test.same(failures(webSocket), [], 'each message was answered, or its connection closed with 1001')
  test.same(failures(grpc), [], 'no gRPC call failed')
  test.same(failures(streams), [], 'nor a stream of 5 s')
  test.same(
    faults(events),
    [],
    'every event was seen once and in order, and each stream ended behind an event',
  )

  // A refused call was begun after its pod had begun to go: with retries, grpc-js would have sent it elsewhere unseen.
  const deletions = journal.events.filter(({ what }) => what === 'deleted')
  const deletedAt = new Map(deletions.map(({ pod, at }) => [pod, at]))
  const early = grpc.filter(
    ({ crossed, pod = '', startedAt }) => crossed === true && startedAt < (deletedAt.get(pod) ?? Infinity),
  )
  test.same(early, [], 'no call that was begun before was refused')

  for (const [name, pods] of [
    ['WebSockets', webSocket.map(({ pod }) => pod)],
    ['gRPC calls', grpc.map(({ pod }) => pod)],
    ['gRPC streams', streams.map(({ pod }) => pod)],
    ['EventSources', events.flatMap((one) => one.pods)],
  ] as const) {
    const old = pods.filter((pod = '') => deletedAt.has(pod)).length
    test.ok(old > 0 && old < pods.length, `${name} were at pods that went, and at their successors`)
  }
  const inFlight = streams.filter(({ pod = '', startedAt, endedAt }) => {
    const at = deletedAt.get(pod) ?? Infinity
    return startedAt < at && at < endedAt
  })
  test.ok(inFlight.length > 0, `${inFlight.length} streams were in flight when their pods were deleted`)
  test.ok(
    webSocket.filter(({ reused }) => !reused).length > WEBSOCKETS,
    'WebSockets were closed, and dialled again',
  )
  test.ok(
    events.every(({ ids }) => ids.length > 1000),
    'which saw events all the time',
  )
  test.equal(report.pods.length, 3, 'every replica was replaced')
  for (const pod of report.pods) {
    test.equal(pod.killed, false, `${pod.pod} went by itself`)
    test.same(pod.exits.toSorted(), ['app 0', 'lastcall 0'], 'with nothing cut')
  }
}
