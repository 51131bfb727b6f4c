/** The commands of `kubectl lastcall`, in the order of its help. Joins them all; only command-line.ts needs it. */
import { ADD, REMOVE } from './adding.ts'
import { CHECK } from './check.ts'
import type { Command } from './command.ts'
import { STATUS } from './status.ts'
import { ROLLOUT, WATCH } from './watch.ts'

export const COMMANDS: readonly Command[] = [ADD, REMOVE, STATUS, ROLLOUT, WATCH, CHECK]
