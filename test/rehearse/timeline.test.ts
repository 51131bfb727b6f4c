/** The timeline of a made-up rehearsal: what stands on which lane, what became of each request, and the picture of it. */
import tap from 'tap'
import { drawTimelines } from '../../src/tools/rehearsal/timeline-picture.ts'
import { timelineOf } from '../../src/tools/rehearsal/timeline.ts'
import { DELETED_AT, event, journal, ORIGIN } from './journals.ts'
import { malformed } from './well-formed.ts'

void tap.test('lanes say what each container was in', async (t) => {
  const { terminations } = timelineOf(journal, ORIGIN)
  t.equal(terminations.length, 1)
  const { lanes, goneMs } = terminations[0]!
  t.equal(goneMs, 2260)
  t.same(lanes, [
    {
      name: 'lastcall',
      spans: [
        { what: 'serving', fromMs: -1000, toMs: 2 },
        { what: 'settling', fromMs: 2, toMs: 1500 },
        { what: 'draining', fromMs: 1500, toMs: 2250 },
      ],
      hook: undefined,
      sigtermMs: undefined,
      sigkillMs: 2200,
    },
    {
      name: 'app',
      spans: [
        { what: 'running', fromMs: -1000, toMs: 1 },
        { what: 'preStop hook', fromMs: 1, toMs: 2000 },
        { what: 'running', fromMs: 2000, toMs: 2001 },
        { what: 'stopping', fromMs: 2001, toMs: 2100 },
      ],
      hook: undefined,
      sigtermMs: 2001,
      sigkillMs: undefined,
    },
  ])
})

const learned = (at: number, detail: string) => ({ ...event(at, 'endpoint-learned'), detail })

void tap.test('what the Service and the probes knew: until when the pod was listed, and ready', async (t) => {
  const events = [
    event(-4500, 'ready'),
    learned(-4400, 'ready'),
    ...journal.events,
    event(1700, 'unready'),
    learned(1200, 'serving'),
    learned(2400, 'out'),
  ]
  const { terminations } = timelineOf({ ...journal, events }, ORIGIN)
  const [endpoint, readiness] = terminations[0]!.lanes
  t.match(endpoint, {
    name: 'endpoint',
    spans: [
      { what: 'listed', fromMs: -1000, toMs: 0 },
      { what: 'propagating', fromMs: 0, toMs: 1200 },
    ],
  })
  t.match(readiness, {
    name: 'readiness',
    spans: [
      { what: 'ready', fromMs: -1000, toMs: 1700 },
      { what: 'not ready', fromMs: 1700, toMs: 2260 },
    ],
  })
  const never = events.filter(({ what, detail }) => what !== 'endpoint-learned' || detail === 'ready')
  const last = timelineOf({ ...journal, events: never }, ORIGIN).terminations[0]!.lanes[0]!.spans[1]!
  t.equal(last.toMs, 2260, 'until the end, if it was not learned by then')
})

void tap.test('the hook of a sidecar lies beside its phases', async (t) => {
  const events = [
    event(5, 'hook-called', 'lastcall'),
    event(1990, 'hook-answered', 'lastcall'),
    ...journal.events,
  ]
  const lane = timelineOf({ ...journal, events }, ORIGIN).terminations[0]!.lanes.find(
    ({ name }) => name === 'lastcall',
  )
  t.same(lane?.hook, { what: 'preStop hook', fromMs: 5, toMs: 1990 })
})

void tap.test('a request that was in flight at the deletion is one that crossed it', async (t) => {
  const crossing = { ...journal.requests[1]!, startedAt: DELETED_AT - 30, endedAt: DELETED_AT + 40 }
  const { terminations } = timelineOf({ ...journal, requests: [crossing] }, ORIGIN)
  t.match(terminations[0]!.requests, [{ outcome: 'crossed', fromMs: -30, toMs: 40 }])
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
    t.equal(svg.split(`<g class="${outcome}"><title>`).length, 3, outcome)
  t.match(svg, />lastcall &amp; more: 2 of 5 requests failed</)
  t.match(svg, /1 failed with no pod that was being stopped/)
  t.match(svg, /FAILED: ECONNRESET &lt;\?&gt;/)
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
