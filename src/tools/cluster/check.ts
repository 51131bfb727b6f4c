/** `kubectl lastcall check`: applies the rules of `lastcall check` to the live objects of a cluster. */
import { didYouMean } from '../../proxy/config/suggest.ts'
import { explained, summary } from '../manifest/report.ts'
import { SEVERITIES, type Severity } from '../manifest/rule.ts'
import { RULES } from '../manifest/rules/table.ts'
import { at, branch, list, text, type Tree } from '../manifest/tree.ts'
import { namespaceOf, workloadOf, type Place } from '../manifest/workload.ts'
import type { Asked } from './arguments.ts'
import { DONE, FAILED, MISTAKE, type Command, type Session } from './command.ts'
import { foundOf, judgeAll, judgeOne, objectOf, silenced } from './judged.ts'
import { readObjects, type Objects } from './objects.ts'

export const CHECK: Command = {
  name: 'check',
  line: 'find what loses requests when pods stop, in the live objects',
  more:
    'Reads workloads and related objects (Services, PodDisruptionBudgets, autoscalers, NetworkPolicies, routes) and applies ' +
    'the rules of lastcall check. Without a name it checks the whole namespace. Changes nothing.',
  usage: ['[TYPE/NAME]... [options]', 'deploy/web', '-A --fail-on warning'],
  targets: 'any',
  several: true,
  flags: new Map([
    ['only', 'again'],
    ['ignore', 'again'],
    ['fail-on', 'value'],
    ['explain', 'again'],
  ]),
  rows: [
    ['--only RULE,...', 'only these rules'],
    ['--ignore RULE,...', 'all rules except these'],
    ['--fail-on SEVERITY', 'exit with code 1 from this severity on: error or warning [error]'],
    [
      '--explain RULE,...',
      'what a rule means for requests and how to fix it; reads nothing from the cluster',
    ],
  ],
  notes: [
    'Exit codes: 0 no findings or only warnings; 1 errors found (or warnings, with --fail-on warning), or the cluster ' +
      'could not be read; 2 invalid usage, or nothing to check; 130 interrupted.',
  ],
  problems,
  run: check,
}

const RULE_FLAGS = ['only', 'ignore', 'explain'] as const

function rulesIn({ values }: Asked, flag: (typeof RULE_FLAGS)[number]): string[] {
  return (values.get(flag) ?? '').split(/[\s,]+/).filter(Boolean)
}

function problems(asked: Asked): string[] {
  const ids = RULES.map(({ id }) => id)
  const rules = RULE_FLAGS.flatMap((flag) =>
    rulesIn(asked, flag)
      .filter((said) => !ids.includes(said))
      .map(
        (said) =>
          `--${flag} ${said}: no such rule${didYouMean(said, ids) || '; docs/rules.md lists all of them'}`,
      ),
  )
  const said = asked.values.get('fail-on')
  if (said === undefined || SEVERITIES.includes(said as Severity)) return rules
  return [...rules, `--fail-on ${said}: must be error or warning${didYouMean(said, SEVERITIES)}`]
}

async function check({ asked, kubectl, printer, stop }: Session): Promise<number> {
  const explain = rulesIn(asked, 'explain')
  if (explain.length > 0) {
    const rules = RULES.filter(({ id }) => explain.includes(id))
    printer.data(
      rules.map(({ id, severity, title, requests, fix }) => ({ id, severity, title, requests, fix })),
    )
    printer.line(explained(rules))
    return DONE
  }
  const named = await namedOf(asked, (args) => kubectl.json<Tree>(args, { signal: stop }))
  const objects = await readObjects(kubectl, asked.allNamespaces, stop)
  const workloads = objects.places.filter((place) => workloadOf(place) !== undefined)
  const chosen = named === undefined ? workloads : workloads.filter((one) => named.has(keyOf(one)))
  if (chosen.length === 0) {
    printer.warn(`Nothing was checked: ${nothing(asked, named)}`)
    return MISTAKE
  }
  const choice = { only: rulesIn(asked, 'only'), ignore: rulesIn(asked, 'ignore') }
  const findings =
    named === undefined
      ? judgeAll(objects, choice)
      : chosen.flatMap((workload) => judgeOne(objects, workload, choice))
  const found = findings
    .map(foundOf)
    .toSorted((a, b) => (a.namespace < b.namespace ? -1 : Number(a.namespace > b.namespace)))
  for (const { namespace, object, severity, message, rule } of found)
    printer.line(`${namespace}/${object}: ${severity}: ${message} [${rule}]`)
  if (found.length > 0) printer.line('')
  const judged = {
    objects: named === undefined ? objects.places.length : chosen.length,
    workloads: chosen.length,
  }
  for (const line of summary(found, { ...judged, skipped: skippedOf(objects) }, 'kubectl lastcall check'))
    printer.line(line)
  printer.data({
    findings: found,
    ...judged,
    unread: objects.unread.map(({ resource, why }) => ({ resource: resource.name, why })),
    notJudged: silenced(objects),
  })
  const failOn = (asked.values.get('fail-on') ?? 'error') as Severity
  const fails = ({ rule }: (typeof findings)[number]) =>
    SEVERITIES.indexOf(rule.severity) <= SEVERITIES.indexOf(failOn)
  return findings.some(fails) ? FAILED : DONE
}

const SELECTABLE = 'deployments.apps,statefulsets.apps,daemonsets.apps,jobs.batch,cronjobs.batch'

/** The objects that are named or selected, by `keyOf`; undefined if all are meant. Rejects as kubectl does. */
async function namedOf(
  { targets, selector, allNamespaces }: Asked,
  get: (args: readonly string[]) => Promise<Tree>,
): Promise<ReadonlySet<string> | undefined> {
  if (targets.length === 0 && selector === undefined) return undefined
  const scope = allNamespaces ? ['--all-namespaces'] : []
  const args = selector === undefined ? targets : [SELECTABLE, '-l', selector, ...scope]
  const answer = branch(await get(['get', ...args]))
  const items = answer['items'] === undefined ? [answer] : list(answer['items'])
  return new Set(
    items.map((item) =>
      [at(item, 'metadata', 'namespace'), at(item, 'kind'), at(item, 'metadata', 'name')]
        .map((part) => text(part) ?? '')
        .join('/'),
    ),
  )
}

function keyOf(place: Place): string {
  return `${namespaceOf(place) ?? ''}/${objectOf(place)}`
}

function nothing(
  { targets, namespace, allNamespaces, selector }: Asked,
  named: ReadonlySet<string> | undefined,
): string {
  if (targets.length > 0 && named !== undefined)
    return `${targets.join(' ')} is not a workload that check supports (Deployment, StatefulSet, DaemonSet, Job, CronJob, Rollout, or a Pod without an owner)`
  const which = selector === undefined ? 'no workloads' : `no workloads with ${selector}`
  const where = allNamespaces
    ? 'any namespace'
    : namespace === undefined
      ? "the context's namespace"
      : `namespace ${namespace}`
  return `there are ${which} in ${where}`
}

function skippedOf(objects: Objects): string[] {
  return objects.unread.map(({ resource, why }) => {
    const rules = resource.needed.length === 0 ? '' : `, so ${resource.needed.join(', ')} was not checked`
    return `${resource.name} could not be read (${why})${rules}`
  })
}
