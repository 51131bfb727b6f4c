/** A finding as plain data: its line, its object, its texts. Pure. */
import { lineOf } from './input.ts'
import type { Finding } from './rule.ts'
import { at, printPath, text } from './tree.ts'

/** The data of a finding that all formats print. */
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

/** Turns a finding into plain data. */
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
