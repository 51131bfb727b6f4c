/** The HTML report of the end-to-end test, of made-up rows: what it says, and that nothing in it can be more than text. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { folder } from '../fixtures/folder.ts'
import { active } from '../rehearse/well-formed.ts'
import type { FaultRow } from './chaos/table.ts'
import { readFlags } from './flags.ts'
import { terminationOf } from './lives.ts'
import { e2ePage, type Played } from './page.ts'
import { AT, failure, row, story } from './rows.ts'
import type { Row } from './table.ts'

const asked = readFlags(['--html', 'report.html', '--', '--settle', '5s', '--token', 'hush'], 'kubectl')

function page(rows: readonly Row[], more: Partial<Played> = {}): string {
  const endedAt = new Date('2026-01-01T00:00:00Z')
  return e2ePage({
    asked,
    kubernetes: 'v1.33.0',
    rows,
    faults: [],
    skipped: [],
    broken: undefined,
    endedAt,
    ...more,
  })
}

const calm: Row = {
  ...row,
  form: 'native',
  failed: 0,
  failures: [],
  problems: [],
  seen: { pods: [story], failures: [], byClient: { grpc: { requests: 1000, failed: 0 } } },
}
const bare: Row = { ...row, form: 'bare', problems: [] }

void tap.test(
  'a pod that was stopped as a timeline, from what the watches saw and the verdict says',
  async (t) => {
    const end = terminationOf(story, [failure])!
    t.match(end, { pod: 'a', goneMs: 12_300 })
    t.same(
      end.lanes.map(({ name, spans }) => [
        name,
        ...spans.map(({ what, fromMs, toMs }) => [what, fromMs, toMs]),
      ]),
      [
        ['endpoint', ['listed', -1000, 0], ['propagating', 0, 40]],
        ['readiness', ['ready', -1000, 3400], ['not ready', 3400, 12_300]],
        [
          'lastcall',
          ['serving', -1000, 0],
          ['settling', 0, 3000],
          ['lame-duck', 3000, 8500],
          ['draining', 8500, 9000],
          ['drained', 9000, 9400],
        ],
        ['app', ['running', -1000, 9100]],
      ],
    )
    t.match(end.requests, [{ outcome: 'failed', fromMs: 7990, toMs: 8000 }])
    t.equal(
      terminationOf({ ...story, deletedAt: undefined }, []),
      undefined,
      'one that was not stopped has none',
    )
    const cut = terminationOf({ ...story, goneAt: undefined, verdict: 'killed' }, [])!
    t.equal(cut.goneMs, 9400, 'as far as it was seen')
    t.same(cut.lanes[2]?.spans, [{ what: 'running', fromMs: -1000, toMs: 9400 }], 'a verdict without phases')
  },
)

void tap.test('the verdict is the first sentence, and says what else went wrong', async (t) => {
  t.match(page([calm]), /<h1>0 of 1000 requests failed behind lastcall\.<\/h1>/)
  t.match(page([calm]), /aria-label="passed"/)
  t.match(page([calm, bare]), /Without it, 1 of 1000 failed\./)
  const lost = page([row])
  t.match(
    lost,
    /<h1>1 of 1000 requests failed behind lastcall: 1 of idle-post\/agent; one step did not end well\.<\/h1>/,
  )
  t.match(lost, /aria-label="failed"/)
  t.match(lost, /<li>lastcall plain, rollout 1: a was lost<\/li>/)
  const broken = page([calm], { broken: 'The run was interrupted.' })
  t.match(broken, /<h1>0 of 1000 requests failed behind lastcall; the run ended early\.<\/h1>/)
  t.match(broken, /aria-label="failed"/, 'nobody takes it for a whole run')
  t.match(page([bare]), /<h1>Nothing was tried behind lastcall\.<\/h1>/)
})

void tap.test('steps, pods, clients and options are on it', async (t) => {
  const html = page([calm, { ...calm, step: 'scale 3 to 5', seen: { ...calm.seen, pods: [] } }, bare])
  t.match(html, /<th scope="row">rollout 1<\/th><td class="figures">1000<\/td><td class="figures">0<\/td>/)
  t.match(html, /<th scope="row">scale 3 to 5<\/th>/)
  t.equal(html.match(/<figure data-pod="a">/g)?.length, 2)
  t.match(html, /<title>lastcall: lame-duck, 5\.50 s<\/title>/)
  t.match(
    html,
    /No longer listed as ready after 40 ms; last new connection after 1\.40 s; gone after 12\.30 s/,
  )
  t.match(html, /<th scope="row">grpc<\/th><td class="figures">2000<\/td><td class="figures">0<\/td>/)
  t.match(html, /<dt>Kubernetes<\/dt><dd>v1\.33\.0<\/dd>/)
  t.match(html, /--settle 5s --token \*\*\*/)
  t.notMatch(html, /hush|NaN|undefined|Infinity|\[object/)
})

void tap.test('each failed request has its story, and they are bounded', async (t) => {
  const html = page([row])
  t.match(html, /<a href="#plain-failure-1" tabindex="-1"><g class="failed">/)
  const told = /<li id="plain-failure-1">(.*?)<\/li>/s
    .exec(html)![1]!
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
  t.match(told, /POST \/orders\?id=q1 idle-post\/agent 7\.99 s after the deletion of a failed after 10 ms/)
  t.match(
    told,
    /Sent to a on an open connection that had been idle for 1\.50 s\. At that moment lastcall was in lame-duck and the app was running\. The connection was reset\./,
  )
  const many = Array.from({ length: 400 }, (_, index) => ({
    ...failure,
    what: `GET /${index}`,
    pod: undefined,
  }))
  const long = page([{ ...row, failed: 900, seen: { ...row.seen, failures: many } }])
  t.equal(long.match(/<li id="plain-failure-\d+">/g)?.length, 60)
  t.match(long, /and 840 more/)
  t.match(long, /which pod it reached is not known/)
})

const fault = {
  form: 'plain' as const,
  fault: 'app-sigkill',
  group: 'processes',
  what: 'the app of one pod is killed with SIGKILL',
  spares: 'new work' as const,
  judgement: { ok: true, others: 0, held: 8, lost: 2, arrived: 0, strays: 0, unknown: 0, because: [] },
  requests: 1019,
  seconds: 12.3,
  counted: { inFlight: 8, agoMs: 30 },
  notes: ['a: drained'],
  failures: ['GET /slow: ECONNRESET'],
} satisfies FaultRow

void tap.test(
  'faults on purpose: their table, what is to be said of each, and whether promises were kept',
  async (t) => {
    const { form, group, what } = fault
    const skipped = { form, group, what, fault: 'evict', skipped: 'needs --node-exec' }
    const html = page([], { faults: [fault, skipped] })
    t.equal(active(html), undefined)
    t.match(html, /<h1>1 of 1 faults on purpose ended as promised\.<\/h1>/)
    t.match(html, /aria-label="passed"/)
    t.match(
      html,
      /<th scope="row">app-sigkill<\/th><td class="figures">1019<\/td>.*<td class="words">as promised<\/td>/,
    )
    t.match(html, /<td class="words">skipped: needs --node-exec<\/td>/)
    t.match(
      html,
      /<summary>lastcall plain, app-sigkill: the app of one pod is killed with SIGKILL<\/summary>/,
    )
    t.match(html, /<li>GET \/slow: ECONNRESET<\/li>/)
    const judgement = {
      ...fault.judgement,
      ok: false,
      others: 3,
      because: ['3 requests of other pods failed'],
    }
    const broken = page([calm], { faults: [fault, { ...fault, judgement }] })
    t.match(
      broken,
      /<h1>0 of 1000 requests failed behind lastcall and 1 of 2 faults on purpose ended as promised\.<\/h1>/,
    )
    t.match(broken, /aria-label="failed"/)
    t.match(broken, /<details class="card" open="">\s*<summary>lastcall plain, app-sigkill/)
    t.match(broken, '<li>NOT AS PROMISED: 3 requests of other pods failed</li>')
    t.notMatch(page([calm]), 'Faults on purpose', 'nothing is said where none were asked for')
  },
)

void tap.test('hostile names stay text, and the report loads and runs nothing', async (t) => {
  const evil = `"><script>alert(1)</script>'\u0000<img src=x onerror=y>`
  const its = { ...failure, what: evil, client: evil, failure: evil, pod: evil }
  const pod = {
    ...story,
    name: evil,
    exits: [evil],
    endedAt: { [evil]: AT + 100, lastcall: AT + 200 },
    verdict: evil,
  }
  const hostile: Row = {
    ...row,
    step: evil,
    problems: [evil],
    stopped: [{ ...row.stopped[0]!, pod: evil, exits: [evil], verdict: evil }],
    seen: { pods: [pod], failures: [its], byClient: { [evil]: { requests: 1, failed: 1 } } },
  }
  const images = { lastcall: evil, app: evil, client: evil, pullPolicy: 'Never' }
  const html = page([hostile, calm], {
    asked: { ...asked, options: [evil], images },
    kubernetes: evil,
    skipped: [evil],
    faults: [{ ...fault, fault: evil, what: evil, notes: [evil], failures: [evil] }],
    broken: evil,
  })
  t.equal(active(html), undefined)
  t.match(html, /&lt;script&gt;/)
  t.equal(active(page([])), undefined, 'of nothing, too')
})

void tap.test('a report that cannot be written is refused before kubectl is called', async (t) => {
  const home = folder(t)
  const run = fileURLToPath(new URL('run.ts', import.meta.url))
  const args = [run, '--html', home, '--kubectl', 'touch called']
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: home, encoding: 'utf8' })
  t.equal(status, 2)
  t.match(stderr, /--html .*: cannot be written: it is a folder/)
  t.same(readdirSync(home), [], 'nothing was called, and nothing is left')
})
