/** The commands of `kubectl lastcall`, in the order of its help. Joins them all; only command-line.ts needs it. */
import { add, remove } from './adding.ts'
import type { Command } from './command.ts'

export const COMMANDS: readonly Command[] = [add, remove]
