/** The report as Markdown: the verdicts, then a table for each scenario and case. */

import type { Results } from '../sample.ts'
import { withAdded } from './added.ts'
import { METRICS } from './metrics.ts'
import { type Figure, type Row, rowsOf } from './stats.ts'
import { judge, type Verdict } from './targets.ts'

/** The whole report. `titles` are those of the scenarios, by name; `plots` the files beside it. */
export function formatReport(
  results: Results,
  titles: ReadonlyMap<string, string>,
  plots: readonly string[],
): string {
  const rows = rowsOf(withAdded(results.samples))
  const names = [...new Set(rows.map(({ scenario }) => scenario))]
  return [
    '# Results of the benchmark',
    '',
    `${results.date.slice(0, 16).replace('T', ' ')} UTC, \`${results.command}\`, ${results.pinning}. Medians of the rounds; in brackets the least and the most.`,
    '',
    ...Object.entries(results.machine).map(([name, value]) => `- ${name}: ${value}`),
    ...results.peers.map(
      ({ name, version, about }) => `- ${name}${version === '' ? '' : ` ${version}`}: ${about}`,
    ),
    ...results.missing.map(({ name, why }) => `- not measured: ${name} (${why})`),
    '',
    ...plots.map((path) => `![${path}](${path})`),
    '',
    '## Targets',
    '',
    formatVerdicts(judge(rows)),
    '',
    ...names.flatMap((name) => [`## ${titles.get(name) ?? name}`, '', formatScenario(rows, name)]),
  ].join('\n')
}

/** The verdicts that could be said. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ target, met, text }) => {
    const word = met === undefined ? '-' : met ? 'met' : '**not met**'
    return `| ${target} | ${word} | ${text} |`
  })
  return ['| target | | measured |', '|---|---|---|', ...lines].join('\n')
}

function formatScenario(rows: readonly Row[], scenario: string): string {
  const own = rows.filter((row) => row.scenario === scenario)
  const cases = [...new Set(own.map((row) => row.case))]
  return cases
    .map((one) =>
      formatCase(
        one,
        own.filter((row) => row.case === one),
      ),
    )
    .join('\n')
}

function formatCase(title: string, rows: readonly Row[]): string {
  const columns = Object.keys(METRICS).filter((name) => rows.some(({ figures }) => figures.has(name)))
  const marked = rows.filter(({ marks }) => marks.length > 0)
  const lines = rows.map(({ peer, figures, marks }) => {
    const cells = columns.map((name) => formatFigure(figures.get(name), METRICS[name]!.digits))
    return `| ${peer}${marks.length > 0 ? ' \\*' : ''} | ${cells.join(' | ')} |`
  })
  return [
    `**${title}**`,
    '',
    `| | ${columns.map((name) => METRICS[name]!.title).join(' | ')} |`,
    `|---|${columns.map(() => '---:|').join('')}`,
    ...lines,
    '',
    ...(marked.length > 0
      ? [`\\* ${marked.map(({ peer, marks }) => `${peer}: ${worst(marks).join(', ')}`).join('; ')}`, '']
      : []),
  ].join('\n')
}

/** Each kind of mark once, by the words that it begins with: of several numbers the largest comes last when sorted. */
function worst(marks: readonly string[]): string[] {
  const kinds = new Map(
    marks.toSorted().map((mark) => [mark.replaceAll(/[\d.]+.*/g, ''), mark.replaceAll(/\s+/g, ' ')]),
  )
  return [...kinds.values()].slice(0, 3)
}

/** `13.2 (12.9 to 14.0)`; without brackets where it was measured once. */
function formatFigure(figure: Figure | undefined, digits: number): string {
  if (figure === undefined || !Number.isFinite(figure.median)) return '-'
  const middle = figure.median.toFixed(digits)
  const [least, most] = [figure.least.toFixed(digits), figure.most.toFixed(digits)]
  return least === most ? middle : `${middle} (${least} to ${most})`
}
