/**
 * Findings as text for people, as JSON for programs, as workflow commands for GitHub. Pure.
 * (Workflow commands: docs.github.com, "Workflow commands for GitHub Actions", setting an error message.)
 */
import { lineOf } from './input.ts'
import type { Finding } from './rule.ts'
import { at, printPath, text } from './tree.ts'

export const FORMATS = ['text', 'json', 'github'] as const
export type Format = (typeof FORMATS)[number]

/** A finding without the machinery: what all formats print. */
export interface Reported {
  readonly rule: string
  readonly severity: string
  readonly file: string
  readonly line: number
  /** Number of the document in its file, from 1. */
  readonly document: number
  readonly object: string
  readonly path: string
  readonly message: string
  readonly requests: string
  readonly fix: string
}

export function reported({ rule, place, path, saw }: Finding): Reported {
  const { input, item } = place
  const name = text(at(item.value, 'metadata', 'name')) ?? ''
  return {
    rule: rule.id,
    severity: rule.severity,
    file: input.name,
    line: lineOf(input, item, path),
    document: item.document + 1,
    object: `${text(item.value['kind']) ?? ''}/${name}`,
    path: printPath([...item.base, ...path]),
    message: `${rule.title}: ${saw}`,
    requests: rule.requests,
    fix: rule.fix,
  }
}

/** The whole report, without a newline at the end; empty if there is nothing to print. */
export function report(findings: readonly Finding[], format: Format, objects: number): string {
  const all = findings.map(reported)
  switch (format) {
    case 'json':
      return JSON.stringify(all, undefined, 2)
    case 'github':
      return all.map(workflowCommand).join('\n')
    case 'text':
      return [...all.map(paragraph), summary(all, objects)].join('\n\n')
    default:
      return format satisfies never
  }
}

function paragraph(one: Reported): string {
  return [
    `${one.file}:${one.line}: ${one.severity}: ${one.message} [${one.rule}]`,
    `  Where:    ${one.object}, document ${one.document}, ${one.path}`,
    `  Requests: ${one.requests}`,
    `  Fix:      ${one.fix}`,
  ].join('\n')
}

function summary(all: readonly Reported[], objects: number): string {
  const what = `${objects} object${objects === 1 ? '' : 's'}`
  if (all.length === 0) return `Nothing found in ${what}.`
  const errors = all.filter(({ severity }) => severity === 'error').length
  const warnings = all.length - errors
  return `Found in ${what}: ${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}.`
}

function workflowCommand(one: Reported): string {
  const what = `${one.message}\n${one.object} ${one.path}\nRequests: ${one.requests}\nFix: ${one.fix}`
  return `::${one.severity} file=${property(one.file)},line=${one.line},title=${property(`lastcall ${one.rule}`)}::${data(what)}`
}

function data(said: string): string {
  return said.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(said: string): string {
  return data(said).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
