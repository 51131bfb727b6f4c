/** What `kubectl lastcall status` shows: a row for each pod, and below the table why something is not known. Pure. */
import type { Answered } from './answer.ts'
import { ageText, columns } from './columns.ts'
import type { Pod } from './pod.ts'

/** What `check` says of the pod's workload, in one word; or why nobody knows. */
export type Checked =
  | {
      readonly kind: 'checked'
      readonly errors: number
      readonly warnings: number
      readonly rules: readonly string[]
    }
  | { readonly kind: 'none'; readonly why: string }

export interface Seen {
  readonly pod: Pod
  readonly answer: Answered
  readonly checked: Checked
}

/** The table and the lines below it. `now`: ms of the epoch. */
export function statusLines(seen: readonly Seen[], allNamespaces: boolean, now: number): string[] {
  const headings = ['NAME', 'READY', 'PHASE', 'IN FLIGHT', 'CONNECTIONS', 'DRAIN', 'VERSION', 'CHECK']
  const rows = seen.map((one) => [...(allNamespaces ? [one.pod.namespace] : []), ...cells(one, now)])
  const table = columns(allNamespaces ? ['NAMESPACE', ...headings] : headings, rows)
  const below = belowLines(seen, allNamespaces)
  return below.length === 0 ? table : [...table, '', ...below]
}

const UNKNOWN = '?'
const NONE = '-'

function cells({ pod, answer, checked }: Seen, now: number): string[] {
  const ready = pod.ready ? 'yes' : 'no'
  const version = versionOf(pod, answer) ?? UNKNOWN
  if (answer.kind === 'none') {
    // That the pod is being stopped, its object says as well.
    const drain = pod.stoppedAt === undefined ? UNKNOWN : ageText(now - pod.stoppedAt)
    return [pod.name, ready, UNKNOWN, UNKNOWN, UNKNOWN, drain, version, word(checked)]
  }
  const { phase, inFlight, connections, drainMs } = answer
  const drain = drainMs === undefined ? NONE : ageText(drainMs)
  return [pod.name, ready, phase, String(inFlight), String(connections), drain, version, word(checked)]
}

/** What lastcall says itself, or else the tag of its image. */
function versionOf({ sidecar }: Pod, answer: Answered): string | undefined {
  return (answer.kind === 'status' ? answer.version : undefined) ?? sidecar?.tag
}

function word(checked: Checked): string {
  if (checked.kind === 'none') return UNKNOWN
  return checked.errors > 0 ? 'errors' : checked.warnings > 0 ? 'warnings' : 'ok'
}

/** Reasons, each once, with the pods that it is about. */
function belowLines(seen: readonly Seen[], allNamespaces: boolean): string[] {
  const reasons = new Map<string, string[]>()
  const add = (why: string, { namespace, name }: Pod) => {
    const names = reasons.get(why) ?? []
    reasons.set(why, names)
    names.push(allNamespaces ? `${namespace}/${name}` : name)
  }
  for (const { pod, answer } of seen) if (answer.kind === 'none') add(answer.why, pod)
  const unchecked = seen.flatMap(({ checked }) => (checked.kind === 'none' ? [checked.why] : []))
  return [
    ...[...reasons].map(([why, names]) => `? ${names.join(', ')}: ${why}`),
    ...[...new Set(unchecked)].map((why) => `? check: ${why}`),
  ]
}

/** The same as data. What is not known is null, and `unknown` says why. */
export function statusData(seen: readonly Seen[]): object {
  return {
    pods: seen.map(({ pod, answer, checked }) => {
      const known = answer.kind === 'status' ? answer : undefined
      return {
        namespace: pod.namespace,
        name: pod.name,
        ready: pod.ready,
        stopping: pod.stoppedAt !== undefined,
        phase: known?.phase ?? null,
        phaseMs: known?.phaseMs ?? null,
        drainMs: known?.drainMs ?? null,
        inFlight: known?.inFlight ?? null,
        connections: known?.connections ?? null,
        saved: known?.saved ?? null,
        lastDrain: known?.lastDrain ?? null,
        version: versionOf(pod, answer) ?? null,
        check:
          checked.kind === 'none'
            ? null
            : {
                word: word(checked),
                errors: checked.errors,
                warnings: checked.warnings,
                rules: checked.rules,
              },
        unknown: [
          ...(answer.kind === 'none' ? [answer.why] : []),
          ...(checked.kind === 'none' ? [`check: ${checked.why}`] : []),
        ],
      }
    }),
  }
}
