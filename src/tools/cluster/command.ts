/** What a command of `kubectl lastcall` is, and what it is given. */
import type { Row } from '../../cli/columns.ts'
import type { Asked, Takes } from './arguments.ts'
import type { Kubectl } from './kubectl.ts'
import type { Printer } from './printer.ts'

export interface Session {
  readonly asked: Asked
  /** As the user typed it, for `to go on: ...`. */
  readonly line: string
  readonly kubectl: Kubectl
  readonly printer: Printer
  /** Aborted by Ctrl-C or SIGTERM. The command then ends in good order, and returns INTERRUPTED. */
  readonly stop: AbortSignal
  /** Of the package, and of the image that goes with it. */
  readonly version: string
}

export interface Command extends Takes {
  readonly name: string
  /** For the list of commands. */
  readonly line: string
  /** For its own help. */
  readonly more: string
  readonly usage: readonly string[]
  /** Its own flags. */
  readonly rows: readonly Row[]
  readonly notes: readonly string[]
  /** It ends when nobody reads its output any more, as there is nothing else that it does. */
  readonly endsUnread?: true
  /** What is wrong with its own flags, in sentences; none if undefined. */
  readonly problems?: (asked: Asked) => readonly string[]
  /** Resolves to the exit code. An error that it throws is printed, and the code is FAILED. */
  readonly run: (session: Session) => Promise<number>
}

/** Exit codes: it is as asked. */
export const DONE = 0
/** Not done, with the reason; or errors found. */
export const FAILED = 1
/** Not asked for rightly. */
export const MISTAKE = 2
/** Ended by Ctrl-C, as shells count it. */
export const INTERRUPTED = 130
