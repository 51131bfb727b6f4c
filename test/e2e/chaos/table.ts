/** The rows of faults as text. Pure. */
import type { Form } from '../objects.ts'
import type { Fault } from './fault.ts'
import type { Judgement } from './judge.ts'

export type FaultRow = {
  readonly form: Form
  readonly fault: string
  readonly group: string
  readonly what: string
} & (
  | { readonly skipped: string }
  | {
      readonly skipped?: never
      readonly spares: Fault['spares']
      readonly judgement: Judgement
      readonly requests: number
      readonly seconds: number
      /** What lastcall's own counter said, and how long before the blow; undefined if it was not asked. */
      readonly counted: { readonly inFlight: number; readonly agoMs: number } | undefined
      readonly notes: readonly string[]
      readonly failures: readonly string[]
    }
)

/** The columns of a fault's row. */
export const FAULT_HEAD = ['fault', 'requests', 'other pods', 'held', 'lost', 'arrived', 'time', 'result']
const TEXT_COLUMNS = new Set([0, FAULT_HEAD.length - 1])

/** One line a row: `other pods`, `lost` and `arrived` are failed requests. */
export function faultTable(rows: readonly FaultRow[]): string {
  const lines = [FAULT_HEAD, ...rows.map(faultCells)]
  const widths = FAULT_HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  const pad = (cell: string, column: number) =>
    TEXT_COLUMNS.has(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')
}

/** A row under FAULT_HEAD. */
export function faultCells(row: FaultRow): string[] {
  if (row.skipped !== undefined) return [row.fault, '-', '-', '-', '-', '-', '-', `skipped: ${row.skipped}`]
  const { judgement, requests, seconds, spares } = row
  const { others, held, lost, arrived, ok } = judgement
  return [
    row.fault,
    String(requests),
    String(others),
    mayLose(spares) ? String(held) : '-',
    String(lost),
    String(arrived),
    `${seconds.toFixed(1)} s`,
    ok ? 'as promised' : 'NOT AS PROMISED',
  ]
}

/** May what was in hand be lost? */
function mayLose(spares: Fault['spares']): boolean {
  return spares === 'new work' || spares === 'other pods'
}

/** What the table leaves out: the fault in words, what was held and how it was counted, each failed request. */
export function faultDetails(row: FaultRow): string[] {
  const head = `${row.form}, ${row.fault}: ${row.what}`
  if (row.skipped !== undefined) return [head, `  skipped: ${row.skipped}`]
  const { judgement, counted, notes, failures, spares } = row
  const { held, lost, arrived, unknown, because } = judgement
  const count =
    counted === undefined ? '' : `; lastcall's own count ${counted.agoMs} ms before: ${counted.inFlight}`
  const hands = !mayLose(spares)
    ? []
    : [`in hand ${held} by the clients' records${count}; of these failed ${lost}, of later ones ${arrived}`]
  return [
    head,
    ...because.map((why) => `  NOT AS PROMISED: ${why}`),
    ...hands.map((line) => `  ${line}`),
    ...(unknown > 0 ? [`  ${unknown} failed on new connections without an answer, which name no pod`] : []),
    ...notes.map((note) => `  ${note}`),
    ...failures.map((failure) => `  ${failure}`),
  ]
}
