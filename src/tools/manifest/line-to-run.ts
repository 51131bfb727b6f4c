/** Command lines of lastcall inject that messages suggest. Pure. */
import type { Workload } from './workload.ts'

/** Options of lastcall inject that sentences suggest. */
const OFFERED =
  /--(?:app|container|protocol|mode|listen|admin|grace-period|settle|bind-env|bind-arg|step) [^\s,;()]+/g

/** The command line that injects one workload. */
export function commandFor({ input, kind, name }: Workload): string {
  const file = input.name === 'stdin' ? '-' : input.name
  return `lastcall inject -f ${file} --name ${kind.toLowerCase()}/${name}`
}

/** The same with the options that the sentences suggest. */
export function lineFor(workload: Workload, sentences: readonly string[]): string {
  const offered = new Map<string, string>()
  for (const [option] of sentences.join(' ').matchAll(OFFERED))
    offered.set(option.split(' ', 1)[0]!, option.replace(/[.:]$/, ''))
  return [commandFor(workload), ...offered.values()].join(' ')
}
