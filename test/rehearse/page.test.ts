/** The HTML report of a rehearsal, of made-up journals: what it says, and that nothing in it can be more than text. */
import tap from 'tap'
import type { ConnectionRecord, RequestRecord } from '../../src/tools/rehearsal/journal.ts'
import { clientFigures } from '../../src/tools/rehearsal/page/clients.ts'
import { type RehearsalRun, rehearsalPage } from '../../src/tools/rehearsal/page/rehearsal.ts'
import { type Journal, reportOf } from '../../src/tools/rehearsal/report.ts'
import { QUARTER } from '../../src/tools/rehearsal/rolling.ts'
import { timelineOf } from '../../src/tools/rehearsal/timeline.ts'
import { connection, journal, ORIGIN, request } from './journals.ts'
import { active } from './well-formed.ts'

const RUN: Omit<RehearsalRun, 'strategies'> = {
  request: {
    command: ['node', 'my-app.js'],
    path: '/items',
    post: undefined,
    replicas: 1,
    rollouts: 1,
    rolling: QUARTER,
    seed: undefined,
    mode: 'native',
    sleepsMs: [],
    lagMs: 2000,
    readyWithinMs: 30_000,
    graceMs: 30_000,
    json: false,
    svg: undefined,
    html: 'report.html',
    healthPath: undefined,
    others: [],
    flags: ['--settle', '3s'],
  },
  seed: 4711,
  version: '9.8.7',
  machine: 'Node v1.2.3, linux x64',
  endedAt: new Date('2026-01-01T00:00:00Z'),
}

function page(journals: readonly Journal[], run: Partial<RehearsalRun> = {}): string {
  const strategies = journals.map((one) => ({
    report: reportOf(one),
    timeline: timelineOf(one, ORIGIN),
    clients: clientFigures(one.requests),
  }))
  return rehearsalPage({ ...RUN, ...run, strategies })
}

const calm: Journal = {
  ...journal,
  strategy: 'lastcall native',
  requests: journal.requests.filter(({ failure }) => failure === undefined),
}
const bare: Journal = { ...journal, strategy: 'bare' }

/** A journal in which one request failed. */
function failing(
  one: Partial<RequestRecord> & { readonly from: number; readonly to: number },
  its: Partial<ConnectionRecord> | undefined,
): Journal {
  const { from, to, ...more } = one
  const failed: RequestRecord = { ...request(from, to, 9, 'ECONNRESET read ECONNRESET'), ...more }
  const opened = { ...connection(9, from - 1), ...its }
  return { ...calm, requests: [failed], connections: its === undefined ? [] : [opened] }
}

/** What the page tells of the only failure. */
function story(one: Parameters<typeof failing>[0], its: Partial<ConnectionRecord> | undefined): string {
  const html = page([failing(one, its)])
  const told = /<li id="failure-1">(.*?)<\/li>/s.exec(html)?.[1] ?? ''
  return told.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')
}

void tap.test('the verdict is the first sentence: 0 of N requests failed, or M of N and whose', async (t) => {
  const good = page([bare, calm])
  t.match(good, /<h1>0 of 3 requests failed behind lastcall\.<\/h1>/)
  t.match(good, /Without it, 2 of 5 failed with the app alone\./)
  t.match(good, /<title>lastcall rehearse: 0 of 3 requests failed behind lastcall<\/title>/)
  const bad = page([{ ...journal, strategy: 'lastcall native' }])
  t.match(
    bad,
    /<h1>2 of 5 requests failed behind lastcall: 2 of keep-alive\/&lt;undici&gt;\.<\/h1>/,
    'whose they were',
  )
  t.match(bad, /aria-label="failed"/)
  const kinds = [4, 1, 2, 1].flatMap((count, kind) =>
    Array.from({ length: count }, () => ({ ...request(100, 101, 1, 'EPIPE'), client: `kind-${kind}` })),
  )
  const many = page([{ ...calm, requests: kinds, worstLatenessMs: 90 }])
  t.match(many, '8 of 8 requests failed behind lastcall: 4 of kind-0, 2 of kind-2 and 2 of 2 other kinds.')
  t.match(many, 'This machine was busy (the clients were late by up to 90 ms)')
  t.notMatch(good, 'This machine was busy')
})

void tap.test('each pod that was stopped has its timeline, as accessible as a picture can be', async (t) => {
  const html = page([bare, calm])
  t.equal(html.match(/<figure data-pod="pod-1">/g)?.length, 2, 'one for each strategy')
  for (const state of ['lastcall: settling, 1.50 s', 'app: preStop hook, 2.00 s'])
    t.match(html, `<title>${state}</title>`)
  t.match(html, /<title>SIGTERM to app after 2\.00 s<\/title>/)
  for (const [, labelled] of html.matchAll(
    /<svg class="timeline" height="\d+" role="img" aria-labelledby="([^"]*)">/g,
  ))
    t.match(html, `<figcaption id="${labelled}">`)
  t.match(html, /the preStop hook of app took 2\.00 s; SIGTERM to app after 2\.00 s; gone after 2\.26 s/)
  t.notMatch(html, /NaN|undefined|Infinity|\[object/)
})

void tap.test('each failed request is described, and its cross links to it', async (t) => {
  const html = page([bare, calm])
  t.equal(html.match(/<li id="failure-\d+">/g)?.length, 2)
  t.match(html, /<a href="#failure-\d+" tabindex="-1"><g class="failed"><title>GET \/\?a=1&amp;b=/)
  t.match(html, /<summary>1 × ECONNRESET &lt;\?&gt; \(pod terminating\)<\/summary>/)
  t.match(html, /1 failed with no pod that was being stopped/)
})

void tap.test('a story: the client, when, to which pod, what the pod was doing, what happened', async (t) => {
  const settling = story({ from: 200, to: 210 }, { firstEnd: 'pod-rst', firstEndAt: 5210 })
  t.match(
    settling,
    /GET \/\?a=1&amp;b=&quot;2&quot; keep-alive\/&lt;undici&gt; 200 ms after the deletion of pod-1 failed after 10 ms/,
  )
  t.match(
    settling,
    /Sent to pod-1 on a new connection\. At that moment lastcall was settling and the app was in its preStop hook\./,
  )
  t.match(settling, /The pod reset the connection without a complete answer\. The client's error: ECONNRESET/)
  const stopping = story(
    { from: 1990, to: 2150, reused: true, idleMs: 40 },
    { firstEnd: 'pod-fin', firstEndAt: 7150 },
  )
  t.match(stopping, /Sent to pod-1 on an open connection that had been idle for 40 ms\./)
  t.match(
    stopping,
    /While the request was in flight, the app got SIGTERM and the app ended\. The pod closed the connection/,
  )
  const gone = story({ from: 2400, to: 2401 }, { firstEnd: 'refused', firstEndAt: 7401 })
  t.match(gone, /The pod had ended 140 ms before\. The connection was refused: nothing listened/)
  const idle = story({ from: 300, to: 301, reused: true }, { firstEnd: 'pod-fin', firstEndAt: 5297 })
  t.match(idle, /The pod had closed the connection 3\.0 ms before, and the client had not noticed\./)
})

void tap.test('a story: refused answers, timeouts, no pod, wrong answers', async (t) => {
  const open = { firstEnd: undefined, firstEndAt: undefined }
  const failed = (failure: string, status?: number) => story({ from: 100, to: 150, failure, status }, open)
  t.match(
    failed('status 502 (lastcall; error=connection_refused)', 502),
    /The answer was 502, from lastcall itself\./,
  )
  t.match(failed('status 503', 503), /The answer was 503, from the app\./)
  t.match(
    failed('UND_ERR_HEADERS_TIMEOUT Headers Timeout Error'),
    /No complete answer came, and the client gave up\./,
  )
  t.match(failed('wrong body: "x"', 200), /The answer was not the right one\./)
  t.match(failed('HPE_INVALID_CONSTANT Expected HTTP/'), /The client gave up with an error\./)
  const none = story({ from: 1, to: 2 }, { pod: undefined, firstEnd: 'no-endpoint', firstEndAt: 5002 })
  t.match(none, /with no pod .*the Service knew no pod\. The Service reset the connection\./)
  t.match(story({ from: 1, to: 2 }, undefined), /on a new connection that never came about\./)
})

void tap.test('of many failures some of each cause are described, with the number of others', async (t) => {
  const many = Array.from({ length: 200 }, (_, index) => request(100 + index, 101 + index, 1, 'ECONNRESET'))
  const html = page([{ ...bare, requests: [...many, request(300, 301, 1, 'EPIPE')] }, calm])
  t.equal(
    html.match(/<li id="failure-\d+">/g)?.length,
    9,
    'eight of one cause, and the only one of the other',
  )
  t.match(html, /<summary>200 × ECONNRESET \(pod terminating\)<\/summary>/)
  t.match(html, /and 192 more/)
  const causes = Array.from({ length: 90 }, (_, index) => request(100, 101, 1, `error ${index}`))
  t.equal(page([{ ...bare, requests: causes }, calm]).match(/<li id="failure-\d+">/g)?.length, 60, 'at most')
})

void tap.test('a very long rehearsal does not make a very large report', async (t) => {
  const many = Array.from({ length: 20_000 }, (_, index) => request(index % 2000, (index % 2000) + 5, 1))
  const pods = Array.from({ length: 100 }, (_, pod) =>
    journal.events.map((one) => ({ ...one, pod: `pod-${pod + 1}` })),
  )
  const html = page([{ ...calm, requests: many, events: pods.flat() }])
  t.match(html, /76 more pods were stopped/)
  t.match(html, /18500 more requests are not drawn/)
  t.match(html, /and 40 more/, 'in the table of pods')
  t.ok(html.length < 1_000_000, `${html.length} characters`)
})

void tap.test('the clients in figures, the options, the versions and the seed', async (t) => {
  const html = page([bare, calm])
  t.match(
    html,
    /<th scope="row">keep-alive\/&lt;undici&gt;<\/th><td class="figures">5<\/td><td class="figures">2<\/td><td class="figures">10 ms<\/td>/,
  )
  for (const [name, value] of [
    ['lastcall', '9\\.8\\.7'],
    ['machine', 'Node v1\\.2\\.3, linux x64'],
    ['seed', '4711 \\(<code>--seed 4711</code>'],
    ['options of lastcall', '<code>--settle 3s</code>'],
    ['ended', '2026-01-01T00:00:00\\.000Z'],
    ['grace period', '30\\.00 s'],
  ])
    t.match(html, new RegExp(`<dt>${name}</dt><dd>${value}`))
})

void tap.test('secrets among the options are not in the report', async (t) => {
  const flags = ['--health-header', 'Authorization: Bearer hush', '--token=hush', '--settle', '1s']
  const html = page([calm], { request: { ...RUN.request, flags } })
  t.notMatch(html, 'hush')
  t.match(html, /--health-header \*\*\* --token=\*\*\* --settle 1s/)
})

void tap.test('hostile names stay text', async (t) => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>\u0000\u202e]]>&lt;\${x}</style>`
  const hostile: Journal = {
    ...bare,
    strategy: evil,
    requests: [
      { ...request(100, 200, 1, evil), client: evil, path: evil, method: evil },
      { ...request(300, 400, 2), client: evil, path: evil, pod: evil },
    ],
    connections: [
      { ...connection(1, 50), pod: evil },
      { ...connection(2, 60), pod: evil },
    ],
    events: journal.events.map(({ at, what, container }) => ({
      at,
      what,
      pod: evil,
      container: container === undefined ? undefined : evil,
      detail: evil,
    })),
    output: new Map([[evil, [evil]]]),
  }
  const run = {
    request: { ...RUN.request, command: [evil, evil] as [string, string], path: evil, flags: [evil] },
  }
  const again = { ...structuredClone(hostile), strategy: `lastcall ${evil}` }
  const html = page([hostile, again], {
    ...run,
    version: evil,
    machine: evil,
  })
  t.equal(active(html), undefined)
  t.match(html, /&lt;script&gt;alert\(1\)/, 'they are in it')
  t.equal(html.match(/<figure data-pod="&quot;&gt;&lt;script/g)?.length, 2)
})

void tap.test('the report loads nothing, runs nothing, and its policy would stop it', async (t) => {
  const html = page([bare, calm])
  t.equal(active(html), undefined)
  t.notMatch(html, /https?:/)
  t.equal(
    active(page([{ ...calm, requests: [], events: [], connections: [] }])),
    undefined,
    'of nothing, too',
  )
})

void tap.test('the judge of reports can fail', async (t) => {
  const html = page([bare, calm])
  const put = (text: string) => active(html.replace('<footer>', `${text}<footer>`))
  t.match(put('<script>1</script>'), '<script>')
  t.match(put('<p onclick="x">y</p>'), 'onclick')
  t.match(put('<p style="x">y</p>'), 'style')
  t.match(put('<a href="https://example.com">y</a>'), 'example.com')
  t.match(put('<a href="#nowhere">y</a>'), 'nowhere')
  t.match(put('<link rel="stylesheet" href="x.css"/>'), 'x.css')
  t.match(put('<p id="run">y</p>'), 'twice')
  t.match(put('<p>'), 'closes')
  t.match(active(html.replace('body{', 'body {')), 'style sheet')
  t.match(active(html.replace("default-src 'none'", "default-src 'self'")), 'policy')
  t.match(active(html.replace('; img-src', " 'unsafe-inline'; img-src")), 'policy')
})
