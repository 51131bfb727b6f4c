/** What the reports are made of: the verdict, tables, lists of facts, the legend, the figure of one pod. Pure. */

import { LEGEND, OUTCOMES, stateClass } from '../palette.ts'
import { type Axis, CROSS_MARK, drawPanel, type LinkOf, SIGTERM_MARK } from '../panel.ts'
import type { Termination } from '../timeline.ts'
import { type Markup, markup, type Piece } from './markup.ts'

/** The heading of a report: one sentence, and what else is to be known at once. */
export function verdictBox(good: boolean, sentence: string, more: Piece): Markup {
  const sign = good ? 'M9 18l6 6 12-13' : 'M11 11l14 14m0-14l-14 14'
  return markup`<header class="verdict ${good ? 'good-verdict' : 'bad'}">
<svg class="sign" viewBox="0 0 36 36" role="img" aria-label="${good ? 'passed' : 'failed'}"><path d="${sign}"/></svg>
<div><h1>${sentence}</h1><p>${more}</p></div>
</header>
`
}

/** Names and values; a value that is undefined is left out with its name. */
export function facts(rows: readonly (readonly [name: string, value: Piece])[]): Markup {
  const known = rows.filter(([, value]) => value !== undefined)
  return markup`<dl class="facts">
${known.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>
`
}

/** Rows under one heading; the first cell of each is its name. */
export interface RowGroup {
  /** None if the table has but one group. */
  readonly name?: string
  readonly rows: readonly (readonly Piece[])[]
}

export interface Column {
  readonly name: string
  /** words: wraps; the first column and codes do not, and are on the left. */
  readonly holds: 'figures' | 'codes' | 'words'
}

/** A table that scrolls by itself where it is too wide. `note`: what a reader must know. */
export function table(
  name: string,
  note: string,
  columns: readonly Column[],
  groups: readonly RowGroup[],
): Markup {
  const row = (cells: readonly Piece[]) =>
    markup`<tr>${cells.map((cell, index) =>
      index === 0
        ? markup`<th scope="row">${cell}</th>`
        : markup`<td class="${columns[index]!.holds}">${cell}</td>`,
    )}</tr>
`
  const heading = (
    text: string,
  ) => markup`<tr><th scope="rowgroup" colspan="${columns.length}">${text}</th></tr>
`
  const group = ({ name: title, rows }: RowGroup) => markup`<tbody>
${title === undefined ? undefined : heading(title)}${rows.map(row)}</tbody>
`
  return markup`<div class="card">
<p class="note">${note}</p>
<div class="scroll" role="region" aria-label="${name}" tabindex="0">
<table aria-label="${name}">
<thead><tr>${columns.map((column) => markup`<th scope="col" class="${column.holds}">${column.name}</th>`)}</tr></thead>
${groups.map(group)}</table>
</div>
</div>
`
}

/** Columns of figures, after the first one. */
export function figures(first: string, ...names: readonly string[]): Column[] {
  return [{ name: first, holds: 'codes' }, ...names.map((name) => ({ name, holds: 'figures' as const }))]
}

/** What the colours of the timelines mean; `requests`: whether those that went well are drawn. */
export function legend(requests: boolean): Markup {
  const outcomes = Object.entries(OUTCOMES).filter(([outcome]) => requests || outcome === 'failed')
  return markup`<ul class="legend" aria-label="Legend">
${outcomes.map(
  ([outcome, { says }]) =>
    markup`<li><svg width="22" height="10" aria-hidden="true"><g class="${outcome}"><rect y="3" width="22" height="3"/>${
      outcome === 'failed' ? markup`<g transform="translate(11 4.5)">${CROSS_MARK}</g>` : undefined
    }</g></svg>${says}</li>
`,
)}${LEGEND.map(
    ([what, says]) =>
      markup`<li><svg width="14" height="12" aria-hidden="true"><rect class="${stateClass(what)}" width="14" height="12"/></svg>${says}</li>
`,
  )}<li><svg width="10" height="17" aria-hidden="true"><g transform="translate(5 1)">${SIGTERM_MARK}</g></svg>SIGTERM</li>
</ul>
`
}

/** The timeline of one pod with its story; `id` must be the document's only one. */
export function podFigure(
  termination: Termination,
  id: string,
  story: Piece,
  axis: Axis,
  linkOf: LinkOf,
): Markup {
  const { parts, height } = drawPanel(termination, axis, linkOf)
  return markup`<figure data-pod="${termination.pod}">
<figcaption id="${id}"><b>${termination.pod}</b> ${story}</figcaption>
<svg class="timeline" height="${height}" role="img" aria-labelledby="${id}">
${parts}</svg>
</figure>
`
}
