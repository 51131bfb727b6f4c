/**
 * Prints findings as text, JSON or YAML; the formats of CI systems are in formats.ts. Pure.
 */
import { githubCommands, junit, sarif } from './formats.ts'
import { reported, type Reported } from './reported.ts'
import type { Finding, Rule } from './rule.ts'
import type { Tree } from './tree.ts'
import { block } from './block.ts'

export const FORMATS = ['text', 'json', 'yaml', 'sarif', 'junit', 'github'] as const
export type Format = (typeof FORMATS)[number]

/** What was checked, for the last line. */
export interface Judgement {
  readonly findings: readonly Finding[]
  readonly objects: number
  readonly workloads: number
  /** Sentences about what was left out. */
  readonly skipped: readonly string[]
}

/** The whole report, without a newline at the end; empty if there is nothing to print. */
export function report(judgement: Judgement, format: Format): string {
  const all = judgement.findings.map(reported)
  switch (format) {
    case 'json':
      return JSON.stringify(all, undefined, 2)
    case 'yaml':
      return block(all as unknown as Tree, {}, { indent: 2, indentLists: false }).trimEnd()
    case 'sarif':
      return sarif(all)
    case 'junit':
      return junit(all)
    case 'github':
      return githubCommands(all)
    case 'text':
      return [...all.map(compact), ...(all.length > 0 ? [''] : []), ...summary(all, judgement)].join('\n')
    default:
      return format satisfies never
  }
}

/** The full text of rules: `lastcall check --explain RULE`. */
export function explained(rules: readonly Rule[]): string {
  return rules
    .map(({ id, severity, title, requests, fix }) =>
      [`${id} (${severity}): ${title}.`, `  Requests: ${requests}`, `  Fix:      ${fix}`].join('\n'),
    )
    .join('\n\n')
}

function compact({ file, line, severity, object, message, rule }: Reported): string {
  return `${file}:${line}: ${severity}: ${object}: ${message} [${rule}]`
}

/** The last lines of a text report; `command` is the one that explains rules. */
export function summary(
  all: readonly Pick<Reported, 'severity' | 'rule'>[],
  { objects, workloads, skipped }: Omit<Judgement, 'findings'>,
  command = 'lastcall check',
): string[] {
  const what = `${counted(objects, 'object')} (${counted(workloads, 'workload')})`
  const errors = all.filter(({ severity }) => severity === 'error').length
  const found = `${counted(errors, 'error')}, ${counted(all.length - errors, 'warning')}`
  const ids = [...new Set(all.map(({ rule }) => rule))]
  const lines = skipped.map((one) => `${one}.`)
  if (all.length === 0) return [`Nothing found in ${what}.`, ...lines]
  const more = `What happens to requests, and how to fix it: ${command} --explain ${ids.join(',')}`
  return [`Found in ${what}: ${found}.`, ...lines, more]
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
