/** Rules about the times of a stop: everything must fit into the pod's grace period (DESIGN §3, "One deadline"). */
import { printDuration } from '../../../proxy/config/units.ts'
import { preStopOf } from '../hook.ts'
import { longestRequestMs } from '../plan.ts'
import type { Judged, Rule } from '../rule.ts'
import { configOf } from '../settings.ts'
import { at } from '../tree.ts'
import type { Container } from '../workload.ts'

/** The errors that lastcall would report at its start: those about times that do not fit (`sums`), or all others. */
function problemsOf({ sidecar }: Judged, sums: boolean): string[] {
  if (sidecar === undefined) return []
  const outcome = configOf(sidecar)
  const problems = outcome.kind === 'problems' ? outcome.problems : []
  return problems.filter((problem) => SUM.test(problem) === sums)
}

/** The beginning of the sentences of lifecycle/budget.ts. */
const SUM = /^--(grace-period|app-stop|settle|lame-duck-max) \S+ (leaves|takes|and|is shorter)/

/** How long a preStop of a container waits at least: sleep, or a command that sleeps; in ms. */
function blindWaitMs(container: Container): { readonly ms: number; readonly how: string } | undefined {
  const hook = preStopOf(container)
  if (hook.kind === 'waits') return hook
  return 'waitsMs' in hook && hook.waitsMs > 0 ? { ms: hook.waitsMs, how: hook.how } : undefined
}

export const TIME_RULES: readonly Rule[] = [
  {
    id: 'grace-period-differs',
    severity: 'error',
    title: "--grace-period is not the pod's terminationGracePeriodSeconds",
    requests:
      'If --grace-period is longer, the kubelet kills the pod with requests in flight before lastcall expects it. If it is shorter, lastcall cuts requests that still had time.',
    fix: 'Set both to the same value.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, config, graceMs }) => {
        if (config === undefined || config.gracePeriodMs === graceMs) return []
        const path = [...workload.podPath, 'spec', 'terminationGracePeriodSeconds']
        const said =
          at(workload.item.value, ...path) === undefined
            ? 'is not set (30 by default)'
            : `is ${graceMs / 1000}`
        const saw = `terminationGracePeriodSeconds ${said}; --grace-period is ${printDuration(config.gracePeriodMs)}`
        return [{ place: workload, path, saw }]
      }),
  },
  {
    id: 'grace-period-zero',
    severity: 'error',
    title: 'terminationGracePeriodSeconds is 0',
    requests:
      'The pod is killed at once: no preStop, no SIGTERM. Requests in flight are cut, and requests keep arriving until the endpoints are updated.',
    fix: 'Remove the line (the default is 30 s), or allow time for a request, such as 40.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, graceMs, serves }) => {
        const path = [...workload.podPath, 'spec', 'terminationGracePeriodSeconds']
        return serves && graceMs === 0
          ? [{ place: workload, path, saw: `${workload.title} has no time to stop` }]
          : []
      }),
  },
  {
    id: 'budget-impossible',
    severity: 'error',
    title: '--settle, --quiet and --app-stop do not fit into the grace period',
    requests: 'lastcall refuses to start: the pod never becomes ready, and the rollout hangs.',
    fix: 'Raise --grace-period and terminationGracePeriodSeconds, or lower the value that the message names.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        problemsOf(judged, true).map((saw) => ({
          place: judged.workload,
          path: [...judged.sidecar!.path, 'args'],
          saw,
        })),
      ),
  },
  {
    id: 'sidecar-options',
    severity: 'error',
    title: 'lastcall does not accept these options',
    requests: 'lastcall refuses to start: the pod never becomes ready, and the rollout hangs.',
    fix: 'Correct the option as the message says; lastcall --help lists all options.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) =>
        problemsOf(judged, false).map((saw) => ({
          place: judged.workload,
          path: [...judged.sidecar!.path, 'args'],
          saw,
        })),
      ),
  },
  {
    id: 'prestop-exceeds-grace',
    severity: 'error',
    title: 'A preStop hook takes the whole grace period or longer',
    requests:
      'The preStop hook counts against the grace period: the app gets SIGTERM with 2 s left, and whatever it is still doing then is cut.',
    fix: 'Raise terminationGracePeriodSeconds well above the wait, or let lastcall wait instead: it waits only as long as needed.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, graceMs }) =>
        workload.containers.flatMap((container) => {
          const wait = blindWaitMs(container)
          if (wait === undefined || wait.ms < graceMs) return []
          const path = [...container.path, 'lifecycle', 'preStop', wait.how]
          const saw = `the hook of container ${container.name} waits ${printDuration(wait.ms)}, and the grace period is ${printDuration(graceMs)}`
          return [{ place: workload, path, saw }]
        }),
      ),
  },
  {
    id: 'grace-period-short',
    severity: 'warning',
    title: 'The grace period is shorter than the preStop hook and the longest request',
    requests: 'A request that arrives late or takes long is cut when the grace period ends.',
    fix: 'Raise terminationGracePeriodSeconds (and --grace-period with it): a stop still takes only as long as needed. Or state the length of your longest request in the annotation lastcall.dev/longest-request of the pod, such as 10s; without it, 30s is assumed.',
    find: ({ workloads }) =>
      workloads.flatMap((judged) => {
        const { workload, config, graceMs, serves } = judged
        if (!serves) return []
        const longest = longestRequestMs(workload)
        const blind = Math.max(0, ...workload.containers.map((one) => blindWaitMs(one)?.ms ?? 0))
        const own = config === undefined ? blind : config.settleMs + config.quietMs + config.appStopMs
        if (graceMs === 0 || graceMs >= own + longest || (config === undefined && blind >= graceMs)) return []
        const what =
          config === undefined
            ? `preStop (${printDuration(blind)})`
            : `--settle, --quiet and --app-stop (${printDuration(own)})`
        const path = [...workload.podPath, 'spec', 'terminationGracePeriodSeconds']
        const saw =
          own === 0
            ? `the grace period is ${printDuration(graceMs)}, and a request may take ${printDuration(longest)}`
            : `the grace period is ${printDuration(graceMs)}, but ${what} and a request of ${printDuration(longest)} need ${printDuration(own + longest)}`
        return [{ place: workload, path, saw }]
      }),
  },
]
