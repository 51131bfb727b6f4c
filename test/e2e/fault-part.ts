/** What the report of an end-to-end test says of faults on purpose. Pure. */
import { clipped, type Markup, markup } from '../../src/tools/rehearsal/page/markup.ts'
import { figures, table } from '../../src/tools/rehearsal/page/parts.ts'
import { FAULT_HEAD, faultCells, faultDetails, type FaultRow } from './chaos/table.ts'
import { LONGEST, NAMES } from './form-part.ts'

/** Lines about one fault. */
const MOST_LINES = 40
const NOTE =
  'other pods: failed requests of the pods that the fault did not touch; held: what the touched pods had in hand; lost: how ' +
  'much of it failed; arrived: what reached the touched pods after that and failed.'

/** How many faults were tried, and how many of them ended as promised. */
export function kept(faults: readonly FaultRow[]): { readonly tried: number; readonly broken: number } {
  const tried = faults.filter((fault) => fault.skipped === undefined)
  return { tried: tried.length, broken: tried.filter(({ judgement }) => !judgement.ok).length }
}

/** The table of faults and what is to be said of each; nothing if there were none. */
export function faultSection(faults: readonly FaultRow[]): Markup | undefined {
  if (faults.length === 0) return undefined
  const [first = '', ...others] = FAULT_HEAD
  const columns = [
    ...figures(first, ...others.slice(0, -1)),
    { name: others.at(-1)!, holds: 'words' } as const,
  ]
  const groups = [...Map.groupBy(faults, ({ form }) => form)].map(([form, rows]) => ({
    name: NAMES[form],
    rows: rows.map(faultCells),
  }))
  return markup`<section aria-labelledby="faults">
<h2 id="faults">Faults on purpose</h2>
${table('Faults on purpose', NOTE, columns, groups)}
${faults.map(about)}</section>
`
}

function about(fault: FaultRow): Markup | undefined {
  if (fault.skipped !== undefined) return undefined
  const [, ...lines] = faultDetails(fault)
  const shown = lines.slice(0, MOST_LINES)
  const more = lines.length - shown.length
  return markup`<details class="card"${fault.judgement.ok ? undefined : markup` open=""`}>
<summary>${NAMES[fault.form]}, ${fault.fault}: ${clipped(fault.what, LONGEST)}</summary>
<ul>
${shown.map((line) => markup`<li>${clipped(line.trim(), LONGEST)}</li>\n`)}${more > 0 ? markup`<li>and ${more} more</li>\n` : undefined}</ul>
</details>
`
}
