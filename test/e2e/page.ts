/**
 * The report of an end-to-end test as one HTML document, made of the same parts as that of a rehearsal: the verdict,
 * each form, its steps, the timeline of each pod that was stopped, each failed request with its story, the clients,
 * and what was run. Pure.
 */
import { documentOf } from '../../src/tools/rehearsal/page/document.ts'
import { clipped, type Markup, markup } from '../../src/tools/rehearsal/page/markup.ts'
import { facts, figures, legend, table, verdictBox } from '../../src/tools/rehearsal/page/parts.ts'
import { shownFlags } from '../../src/tools/rehearsal/page/run-facts.ts'
import { list, whose } from '../../src/tools/rehearsal/page/story.ts'
import type { FaultRow } from './chaos/table.ts'
import { faultSection, kept } from './fault-part.ts'
import type { Asked } from './flags.ts'
import { byClient, FormPart, LONGEST, MOST_STORIES, NAMES, sum } from './form-part.ts'
import { cells, HEAD, type Row } from './table.ts'

export interface Played {
  readonly asked: Asked
  /** Like `v1.31.0`. */
  readonly kubernetes: string
  readonly rows: readonly Row[]
  readonly faults: readonly FaultRow[]
  readonly skipped: readonly string[]
  /** Why it ended before it was through; undefined if it was not so. */
  readonly broken: string | undefined
  readonly endedAt: Date
}

/** The page as text. */
export function e2ePage(played: Played): string {
  const { rows, skipped, asked } = played
  const forms = [...new Set(rows.map(({ form }) => form))]
  const { good, sentence } = verdictOf(played)
  const parts = forms.map(
    (form) =>
      new FormPart(
        form,
        rows.filter((row) => row.form === form),
      ),
  )
  const bare = parts.find(({ form }) => form === 'bare')
  const body = markup`${verdictBox(
    good,
    `${sentence}.`,
    markup`${
      bare === undefined ? undefined : `Without it, ${bare.failed} of ${bare.requests} failed. `
    }npm run e2e stopped pods of an app in a real cluster (Kubernetes ${played.kubernetes}), under clients that never retry.`,
  )}
<ul class="cards">
${parts.map((part) => part.card())}</ul>
${problems(played)}<section aria-labelledby="steps">
<h2 id="steps">Steps</h2>
${stepTable(parts)}</section>
${faultSection(played.faults)}<section aria-labelledby="timeline">
<h2 id="timeline">What happened to each pod</h2>
<p class="lead">Time counts from the moment at which a watch saw the deletion of the pod. Phases of lastcall are as its verdict sums them up. A cross marks a request that failed; those that went well are not drawn.</p>
${legend(false)}${parts.map((part) => part.timelines(parts.indexOf(part)))}</section>
<section aria-labelledby="failures">
<h2 id="failures">Requests that failed</h2>
${parts.toReversed().map((part) => part.failures())}</section>
<section aria-labelledby="clients">
<h2 id="clients">Clients</h2>
${clientTable(parts)}</section>
<section aria-labelledby="run">
<h2 id="run">This run</h2>
<div class="card">
${facts([
  ['Kubernetes', played.kubernetes],
  ['images', [asked.images.lastcall, asked.images.app, asked.images.client].join(', ')],
  ['steps', asked.steps.join(', ')],
  ['forms', asked.forms.join(', ')],
  ['replicas', `${asked.replicas} to begin with`],
  ['ports of the app', asked.ports],
  ['clients', `density ${asked.density}`],
  [
    'options of lastcall',
    asked.options.length === 0 ? 'defaults' : markup`<code>${shownFlags(asked.options).join(' ')}</code>`,
  ],
  ['skipped', skipped.length === 0 ? undefined : skipped.join('; ')],
  ['ended', played.endedAt.toISOString()],
])}</div>
</section>`
  return documentOf(`lastcall e2e: ${sentence}`, body)
}

/** One sentence: how many requests failed behind lastcall and whose, and what else went wrong. */
function verdictOf({ rows, faults, broken }: Played): { readonly good: boolean; readonly sentence: string } {
  const behind = rows.filter(({ form }) => form !== 'bare')
  const failed = sum(behind, (row) => row.failed)
  const theirs = whose(byClient(behind))
  const unwell = behind.filter((row) => row.problems.length > 0).length
  const chaos = kept(faults)
  const asPromised = `${chaos.tried - chaos.broken} of ${chaos.tried} faults on purpose ended as promised`
  const counts = `${failed} of ${sum(behind, (row) => row.requests)} requests failed behind lastcall`
  const sentence = list([
    ...(behind.length === 0 ? [] : [theirs === '' ? counts : `${counts}: ${theirs}`]),
    ...(chaos.tried === 0 ? [] : [asPromised]),
  ])
  const but = [
    ...(unwell > 0 ? [`${unwell === 1 ? 'one step' : `${unwell} steps`} did not end well`] : []),
    ...(broken === undefined ? [] : ['the run ended early']),
  ]
  const tried = behind.length + chaos.tried > 0
  const good = tried && failed === 0 && chaos.broken === 0 && but.length === 0
  const whole = tried ? sentence : 'Nothing was tried behind lastcall'
  return { good, sentence: but.length === 0 ? whole : `${whole}; ${list(but)}` }
}

function problems({ rows, broken }: Played): Markup | undefined {
  const all = [
    ...(broken === undefined ? [] : [broken]),
    ...rows.flatMap((row) => row.problems.map((problem) => `${NAMES[row.form]}, ${row.step}: ${problem}`)),
  ]
  return all.length === 0
    ? undefined
    : markup`<section aria-labelledby="problems">
<h2 id="problems">What did not go as it should</h2>
<ul class="card">
${all.slice(0, MOST_STORIES).map((problem) => markup`<li>${clipped(problem, LONGEST)}</li>\n`)}</ul>
</section>
`
}

function stepTable(parts: readonly FormPart[]): Markup {
  const [, step, ...names] = HEAD
  const groups = parts.map(({ form, rows }) => ({
    name: NAMES[form],
    rows: rows.map((row) => cells(row).slice(1)),
  }))
  const note =
    'Requests that ended in a step or in the 5 s after it. crossed: messages and calls that met a Close frame or a GOAWAY, which do not count as failed. ' +
    'Of times the longest, from start to ready the median; those of pods count from the deletion.'
  return table('Steps', note, figures(step!, ...names), groups)
}

function clientTable(parts: readonly FormPart[]): Markup {
  const groups = parts.map(({ form, rows }) => ({
    name: NAMES[form],
    rows: Object.entries(byClient(rows))
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([client, { requests, failed }]) => [client, requests, failed]),
  }))
  return table(
    'Figures of each kind of client',
    'No client retries.',
    figures('client', 'requests', 'failed'),
    groups,
  )
}
