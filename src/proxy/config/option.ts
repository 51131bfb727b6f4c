/**
 * The shape of a row in the table of options, and how flags, variables and defaults are written. Pure. The rows are in
 * options.ts.
 */
import type { Config } from './config.ts'
import type { Kind } from './kinds.ts'

/** The options as given: like the configuration, except that the budget may still have to compute a value. */
export type Given = Omit<Config, 'lameDuckMaxMs'> & { readonly lameDuckMaxMs: number | undefined }

export const GROUPS = [
  'Addresses',
  'Stopping',
  'Health and readiness',
  'Requests',
  'Access and logs',
] as const

/** The default: text that is read like a given value, or no value and how to name that. */
export type Initial<T> =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent'; readonly value: T; readonly says: string }

export interface Option<T> {
  /** Without the dashes. */
  readonly flag: string
  readonly group: (typeof GROUPS)[number]
  readonly kind: Kind<Exclude<T, undefined>>
  readonly initial: Initial<T>
  /** One line, no full stop. */
  readonly help: string
  /** Never repeated in messages. */
  readonly secret?: true
}

export const VARIABLE_PREFIX = 'LASTCALL_'

/** `grace-period` to `LASTCALL_GRACE_PERIOD`. */
export function variableOf(flag: string): string {
  return VARIABLE_PREFIX + flag.toUpperCase().replaceAll('-', '_')
}

/** A default as help shows it: `30s`, `none`. */
export function initialText(initial: Initial<unknown>): string {
  return initial.kind === 'text' ? initial.text : initial.says
}

/** A default that is written like a given value. */
export function text(value: string): Initial<never> {
  return { kind: 'text', text: value }
}

/** No default: the value in the configuration, and what help says. */
export function absent<T>(value: T, says = 'none'): Initial<T> {
  return { kind: 'absent', value, says }
}
