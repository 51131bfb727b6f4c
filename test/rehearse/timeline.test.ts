/** The timeline of a made-up rehearsal: what stands on which lane, what became of each request, and the picture of it. */
import tap from 'tap'
import type { ConnectionRecord, PodEvent, RequestRecord } from '../../src/tools/rehearsal/journal.ts'
import type { Journal } from '../../src/tools/rehearsal/report.ts'
import { drawTimelines } from '../../src/tools/rehearsal/timeline-picture.ts'
import { timelineOf } from '../../src/tools/rehearsal/timeline.ts'
import { malformed } from './well-formed.ts'

const ORIGIN = Date.parse('2026-01-01T00:00:00.000Z')
const DELETED_AT = 5000

function event(at: number, what: PodEvent['what'], container?: string): PodEvent {
  return { at: DELETED_AT + at, pod: 'pod-1', container, what, detail: undefined }
}

function request(from: number, to: number, clientPort: number, failure?: string): RequestRecord {
  return {
    client: 'keep-alive/<undici>',
    method: 'GET',
    path: '/?a=1&b="2"',
    startedAt: DELETED_AT + from,
    endedAt: DELETED_AT + to,
    idleMs: 5,
    status: failure === undefined ? 200 : undefined,
    failure,
    pod: undefined,
    reused: false,
    clientPort,
    order: undefined,
  }
}

function connection(
  clientPort: number,
  openedAt: number,
  pod: string | undefined = 'pod-1',
): ConnectionRecord {
  return {
    clientPort,
    pod,
    openedAt: DELETED_AT + openedAt,
    firstEnd: undefined,
    firstEndAt: undefined,
    clientBytes: 0,
    podBytes: 0,
  }
}

function phase(at: number, name: string): string {
  const time = new Date(ORIGIN + DELETED_AT + at).toISOString()
  return JSON.stringify({ level: 'info', time, name: 'lastcall', phase: name, from: 'x', msg: 'phase' })
}

const journal: Journal = {
  strategy: 'lastcall & more',
  seed: 1,
  rolloutMs: [3000],
  requests: [
    request(-4000, -3990, 1),
    request(-500, -490, 1),
    request(100, 110, 2),
    request(200, 210, 1, 'ECONNRESET <\u0001>'),
    request(300, 310, 3, 'ECONNRESET'),
  ],
  connections: [connection(1, -4500), connection(2, 99), { ...connection(3, 299), pod: undefined }],
  events: [
    event(-4900, 'started', 'app'),
    event(-4900, 'started', 'lastcall'),
    event(0, 'deleted'),
    event(1, 'hook-called', 'app'),
    event(2000, 'hook-answered', 'app'),
    event(2001, 'sigterm', 'app'),
    event(2100, 'exited', 'app'),
    event(2200, 'sigkill', 'lastcall'),
    event(2250, 'exited', 'lastcall'),
    event(2260, 'gone'),
  ],
  ledger: undefined,
  output: new Map([
    [
      'pod-1',
      [
        'no JSON',
        phase(-4800, 'serving'),
        phase(2, 'settling'),
        phase(1500, 'draining'),
        phase(9000, 'exited'),
      ],
    ],
  ]),
  worstLatenessMs: 1,
}

void tap.test('lanes say what each container was in', async (t) => {
  const { terminations } = timelineOf(journal, ORIGIN)
  t.equal(terminations.length, 1)
  const { lanes, goneMs } = terminations[0]!
  t.equal(goneMs, 2260)
  t.same(lanes, [
    {
      container: 'lastcall',
      spans: [
        { what: 'serving', fromMs: -1000, toMs: 2 },
        { what: 'settling', fromMs: 2, toMs: 1500 },
        { what: 'draining', fromMs: 1500, toMs: 2250 },
      ],
      sigtermMs: undefined,
      sigkillMs: 2200,
    },
    {
      container: 'app',
      spans: [
        { what: 'running', fromMs: -1000, toMs: 1 },
        { what: 'preStop hook', fromMs: 1, toMs: 2000 },
        { what: 'running', fromMs: 2000, toMs: 2001 },
        { what: 'stopping', fromMs: 2001, toMs: 2100 },
      ],
      sigtermMs: 2001,
      sigkillMs: undefined,
    },
  ])
})

void tap.test('requests are with the pod of their connection, and those with none are counted', async (t) => {
  const { requests, failed, failedElsewhere, terminations } = timelineOf(journal, ORIGIN)
  t.same({ requests, failed, failedElsewhere }, { requests: 5, failed: 2, failedElsewhere: 1 })
  t.same(
    terminations[0]!.requests.map(({ fromMs, outcome }) => ({ fromMs, outcome })),
    [
      { fromMs: -500, outcome: 'answered' },
      { fromMs: 100, outcome: 'late' },
      { fromMs: 200, outcome: 'failed' },
    ],
    'what was long before the deletion is not shown',
  )
})

void tap.test('the picture has every lane and every request, and is well-formed', async (t) => {
  const timeline = timelineOf(journal, ORIGIN)
  const svg = drawTimelines([{ ...timeline, strategy: 'bare' }, timeline])
  t.equal(malformed(svg), undefined)
  t.equal(svg.match(/<g data-pod="pod-1">/g)?.length, 2)
  for (const outcome of ['answered', 'late', 'failed'])
    t.equal(svg.split(`<g class="${outcome}">`).length, 3, outcome)
  t.match(svg, />lastcall &amp; more: 2 of 5 requests failed</)
  t.match(svg, /1 failed with no pod that was being stopped/)
  t.match(svg, /FAILED: ECONNRESET &lt;\?>/)
  t.match(svg, /lastcall: settling, 1\.50 s/)
  t.match(svg, />SIGKILL</)
  t.notMatch(svg, /NaN|undefined|Infinity/)
})

void tap.test('a rehearsal in which nothing happened is a picture too', async (t) => {
  const svg = drawTimelines([timelineOf({ ...journal, requests: [], events: [], connections: [] }, ORIGIN)])
  t.equal(malformed(svg), undefined)
  t.notMatch(svg, /NaN|undefined|Infinity/)
})

void tap.test('of many pods those with failures are shown', async (t) => {
  const [termination] = timelineOf(journal, ORIGIN).terminations
  const fine = termination!.requests.filter((bar) => bar.outcome !== 'failed')
  const many = Array.from({ length: 9 }, (_, i) => ({ ...termination!, pod: `pod-${i}`, requests: fine }))
  const terminations = [...many, { ...termination!, pod: 'pod-bad' }]
  const svg = drawTimelines([{ strategy: 'bare', requests: 1, failed: 1, failedElsewhere: 0, terminations }])
  t.match(svg, /data-pod="pod-bad"/)
  t.equal(svg.match(/data-pod=/g)?.length, 6)
  t.match(svg, /4 more pods were stopped/)
})

void tap.test('the judge of pictures can fail', async (t) => {
  t.match(malformed('<svg><g></svg>'), /closes/)
  t.match(malformed('<svg a="1" b=2></svg>'), /tag/)
  t.match(malformed('<svg>a & b</svg>'), /text/)
  t.match(malformed('<svg>'), /open/)
  t.equal(malformed('<svg a="&lt;"><title>x &amp; y</title><path/></svg>\n'), undefined)
})
