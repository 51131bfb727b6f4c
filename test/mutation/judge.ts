/** What Stryker's report says about each file, and how it agrees with the list of survivors. Pure. */
import type { Survivor } from './survivors.ts'

interface Place {
  readonly line: number
  readonly column: number
}

/** The part of the report (mutation-testing-report-schema) that is read here. */
export interface Report {
  readonly files: {
    readonly [file: string]: {
      readonly source: string
      readonly mutants: readonly {
        readonly mutatorName: string
        readonly replacement: string
        readonly status: string
        readonly location: { readonly start: Place; readonly end: Place }
      }[]
    }
  }
}

export interface Figures {
  readonly file: string
  readonly mutants: number
  readonly killed: number
  readonly timedOut: number
  readonly survived: number
}

export interface Judgement {
  readonly figures: readonly Figures[]
  /** Survivors that nobody has given a reason for. */
  readonly unlisted: readonly Omit<Survivor, 'why'>[]
  /** Entries of the mutated files that no mutant has survived for. */
  readonly stale: readonly Survivor[]
}

/** Judges the report of one run. Texts that are left out on purpose are not counted. */
export function judge({ files }: Report, listed: readonly Survivor[]): Judgement {
  const figures: Figures[] = []
  const survivors: Omit<Survivor, 'why'>[] = []
  for (const [file, { source, mutants }] of Object.entries(files)) {
    const with_ = (...statuses: string[]) => mutants.filter(({ status }) => statuses.includes(status))
    const alive = with_('Survived', 'NoCoverage')
    const [killed, timedOut] = [with_('Killed', 'RuntimeError').length, with_('Timeout').length]
    const other = mutants.length - killed - timedOut - alive.length - with_('Ignored').length
    if (other > 0) throw new Error(`${file}: ${other} mutants could not be run`)
    figures.push({
      file,
      mutants: mutants.length - with_('Ignored').length,
      killed,
      timedOut,
      survived: alive.length,
    })
    for (const mutant of alive) survivors.push(told(file, source, mutant))
  }
  return {
    figures,
    unlisted: survivors.filter((survivor) => !listed.some((one) => same(one, survivor))),
    stale: listed.filter(
      (one) => Object.hasOwn(files, one.file) && !survivors.some((survivor) => same(one, survivor)),
    ),
  }
}

/** A survivor as the list has it: by the text of its line, which outlives edits elsewhere in the file. */
function told(
  file: string,
  source: string,
  { location: { start, end }, replacement }: Report['files'][string]['mutants'][number],
): Omit<Survivor, 'why'> {
  const line = source.split('\n')[start.line - 1] ?? ''
  const original = line.slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined)
  const more = start.line === end.line ? '' : ' …'
  return { file, line: line.trim(), change: `${short(original)}${more} -> ${short(replacement)}` }
}

function short(code: string): string {
  const one = code.replaceAll(/\s+/g, ' ').trim()
  return one.length > 60 ? `${one.slice(0, 60)}…` : one
}

function same(a: Omit<Survivor, 'why'>, b: Omit<Survivor, 'why'>): boolean {
  return a.file === b.file && a.line === b.line && a.change === b.change
}
