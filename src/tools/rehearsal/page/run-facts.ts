/** What was run: the command, the options, the seed, the versions. Pure. */

import type { RehearseRequest } from '../request.ts'
import type { Share } from '../rolling.ts'
import { clipped, type Markup, markup } from './markup.ts'
import { facts } from './parts.ts'
import { duration } from './story.ts'

const LONGEST = 500
/** Options whose values do not belong into a file that people send around. */
const SECRET = /^--(token|health-header)$/

interface Run {
  readonly request: RehearseRequest
  readonly seed: number
  readonly version: string
  readonly machine: string
  readonly endedAt: Date
}

export function runFacts({ request, seed, version, machine, endedAt }: Run, latenessMs: number): Markup {
  const { command, path, post, replicas, rollouts, rolling, mode, sleepsMs, lagMs, graceMs, others, flags } =
    request
  const paths = post === undefined ? `GET ${path}` : `GET ${path}, POST ${post}`
  return markup`<div class="card">
${facts([
  ['command', markup`<code>${clipped(command.join(' '), LONGEST)}</code>`],
  ['requests', clipped(paths, LONGEST)],
  ['pods', `${replicas} at a time, all replaced ${rollouts === 1 ? 'once' : `${rollouts} times`}`],
  ['rollout', `maxSurge ${share(rolling.maxSurge)}, maxUnavailable ${share(rolling.maxUnavailable)}`],
  ['compared', ['bare', ...sleepsMs.map((ms) => `sleep ${ms / 1000}s`), `lastcall ${mode}`].join(', ')],
  ['endpoint changes', `known after ${duration(lagMs / 10)} to ${duration(lagMs)}`],
  ['grace period', duration(graceMs)],
  ['other ports', others.length === 0 ? undefined : others.join(', ')],
  [
    'options of lastcall',
    flags.length === 0 ? 'defaults' : markup`<code>${clipped(shownFlags(flags).join(' '), LONGEST)}</code>`,
  ],
  ['seed', markup`${seed} (<code>--seed ${seed}</code> repeats the random choices)`],
  ['lastcall', version],
  ['machine', machine],
  ['ended', endedAt.toISOString()],
  ['clients late by', `${duration(latenessMs)} at most`],
])}</div>
`
}

/** A command line without its secrets: flag and value are one word or two. */
export function shownFlags(flags: readonly string[]): string[] {
  return flags.map((word, index) => {
    if (index > 0 && SECRET.test(flags[index - 1]!)) return '***'
    const [name = '', ...value] = word.split('=')
    return value.length > 0 && SECRET.test(name) ? `${name}=***` : word
  })
}

function share({ value, unit }: Share): string {
  return unit === 'percent' ? `${value}%` : `${value}`
}
