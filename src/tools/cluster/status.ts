/** `kubectl lastcall status`: a table of the pods that have lastcall. */
import type { Tree } from '../manifest/tree.ts'
import { namespaceOf, workloadOf, type Place } from '../manifest/workload.ts'
import { ASKED_AT_ONCE, askPod } from './ask.ts'
import { DONE, type Command, type Session } from './command.ts'
import { judgeOne, objectOf } from './judged.ts'
import { readObjects, type Objects } from './objects.ts'
import { readPod, type Owner, type Pod } from './pod.ts'
import { eachOf } from './pool.ts'
import { podsOf } from './pods-of.ts'
import { statusData, statusLines, type Checked, type Seen } from './status-table.ts'

export const STATUS: Command = {
  name: 'status',
  line: 'show what lastcall is doing in each pod that has it',
  more:
    "Asks each pod's lastcall through the API server (pods/proxy) and prints a table. A value that is not available is a " +
    'question mark, with the reason below the table. CHECK is the result of kubectl lastcall check for the workload: ok, ' +
    'warnings or errors.',
  usage: ['[TYPE/NAME]... [options]', 'deploy/web', '-l app=web', '-A'],
  targets: 'any',
  several: true,
  flags: new Map(),
  rows: [],
  notes: ['Exit codes: 0 done, whatever the pods answer; 1 the pods could not be listed; 2 invalid usage.'],
  run: status,
}

async function status({ asked, kubectl, printer, stop }: Session): Promise<number> {
  const call = { signal: stop }
  const objects = readObjects(kubectl, asked.allNamespaces, stop).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  )
  const pods = (await podsOf(asked, (args) => kubectl.json<Tree>(args, call)))
    .flatMap((object) => readPod(object) ?? [])
    .filter(({ sidecar, finished }) => sidecar !== undefined && !finished)
  if (pods.length === 0) {
    await objects
    printer.warn(`No pods with lastcall found${where(asked)}.`)
    printer.data(statusData([]))
    return DONE
  }
  const answers = await eachOf(pods, ASKED_AT_ONCE, (pod) => askPod(kubectl, pod, stop))
  const judge = checker(await objects)
  const seen = pods.map((pod, i): Seen => ({ pod, answer: answers[i]!, checked: judge(pod) }))
  if (asked.output === 'text')
    for (const line of statusLines(seen, asked.allNamespaces, Date.now())) printer.line(line)
  printer.data(statusData(seen))
  return DONE
}

function where({ namespace, allNamespaces }: Session['asked']): string {
  if (allNamespaces) return ''
  return namespace === undefined ? " in the context's namespace" : ` in ${namespace} namespace`
}

/** What `check` says of a pod's workload; of pods of one workload it is asked once. */
function checker(objects: Objects | Error): (pod: Pod) => Checked {
  if (objects instanceof Error) {
    const [why = ''] = objects.message.split('\n', 1)
    return () => ({ kind: 'none', why })
  }
  const unread = objects.unread.map(({ resource }) => resource.name)
  const byName = new Map(
    objects.places
      .filter((place) => workloadOf(place) !== undefined)
      .map((place) => [`${namespaceOf(place) ?? ''}/${objectOf(place)}`, place] as const),
  )
  const known = new Map<Place, Checked>()
  return ({ namespace, name, owner = { kind: 'Pod', name } }) => {
    const workload =
      byName.get(`${namespace}/${owner.kind}/${owner.name}`) ??
      byName.get(`${namespace}/CronJob/${cronJobOf(owner)}`)
    if (workload === undefined) {
      const may = unread.length === 0 ? '' : ` (not readable: ${unread.join(', ')})`
      return { kind: 'none', why: `${owner.kind} ${owner.name} was not found${may}` }
    }
    const made = known.get(workload) ?? checkedOf(objects, workload)
    known.set(workload, made)
    return made
  }
}

/** Jobs of a CronJob have its name and the minute of their schedule; a CronJob's Jobs are not judged by themselves. */
function cronJobOf({ kind, name }: Owner): string | undefined {
  return kind === 'Job' ? /^(.+)-\d{8,}$/.exec(name)?.[1] : undefined
}

function checkedOf(objects: Objects, workload: Place): Checked {
  const findings = judgeOne(objects, workload)
  const errors = findings.filter(({ rule }) => rule.severity === 'error').length
  return {
    kind: 'checked',
    errors,
    warnings: findings.length - errors,
    rules: [...new Set(findings.map(({ rule }) => rule.id))],
  }
}
