/** Faults of the app's process; lastcall lives through them. */
import type { Fault } from './fault.ts'
import type { Moment } from './node.ts'
import { leftAt, pause } from './scene.ts'

const APP = 'app'
const HEALTH_PORT = 3001
/** The second restart in a row comes 10 s later, the third 20 s: the app is away for as long as it takes. */
const KILLS = 3

const killed: Fault = {
  name: 'app-sigkill',
  group: 'app',
  what: 'the app of one pod is killed with SIGKILL',
  spares: 'new work',
  loses: 'Requests in flight. Requests that arrive while it restarts wait (`--connect-wait`, 5 s).',
  onNode: true,
  async run(scene) {
    const pod = scene.pick()
    const { restarts } = pod
    const blow = await scene.aim(pod.name, APP)
    const reading = await scene.reading(pod.name)
    const moment = await blow('KILL')
    const { backAt } = await scene.restarted(pod, restarts)
    return { touched: [pod.name], ...moment, until: backAt, reading }
  },
}

const outOfMemory: Fault = {
  name: 'app-oom',
  group: 'app',
  what: 'the app of one pod allocates memory until its container is killed',
  spares: 'new work',
  loses: 'As with SIGKILL: the kernel sends one.',
  onNode: false,
  async run(scene) {
    const pod = scene.pick()
    const { restarts } = pod
    const reading = await scene.reading(pod.name)
    const from = Date.now()
    await scene.kubectl.get(pod.name, HEALTH_PORT, '/eat')
    const { at, backAt } = await scene.restarted(pod, restarts)
    const { lastState } = await scene.container(pod.name, APP)
    const { reason = 'no reason', exitCode, finishedAt } = lastState?.terminated ?? {}
    return {
      touched: [pod.name],
      from,
      // In whole seconds.
      to: finishedAt === undefined ? at : Math.min(at, Date.parse(finishedAt) + 1000),
      until: backAt,
      reading,
      notes: [`its container ended with ${exitCode} (${reason})`],
      problems: exitCode === 137 ? [] : ['the container was not killed'],
    }
  },
}

const hung: Fault = {
  name: 'app-hung',
  group: 'app',
  what: 'the app of one pod hangs (SIGSTOP) until its liveness probe fails and the kubelet kills it',
  spares: 'new work',
  loses:
    'Requests in flight when it hangs, and requests that arrive until three health checks have failed: about 4 s ' +
    'with an HTTP ' +
    "check (`inject` makes one of the app's readinessProbe). A hung process still accepts connections, so the health check " +
    '`tcp` does not notice, and the loss lasts until the liveness probe fails.',
  onNode: true,
  async run(scene) {
    const pod = scene.pick()
    const { restarts } = pod
    const reading = await scene.reading(pod.name)
    const { from } = await scene.signal(pod.name, APP, 'STOP')
    await scene.until(`${pod.name} out of the endpoints`, () => pod.deregisteredAt !== undefined)
    const left = leftAt(pod) - from
    const { at, backAt } = await scene.restarted(pod, restarts)
    return {
      touched: [pod.name],
      from,
      to: at,
      until: backAt,
      reading,
      notes: [
        `out of the endpoints after ${seconds(left)}, killed after ${seconds(at - from)}, back after ${seconds(backAt - from)}`,
      ],
    }
  },
}

const loop: Fault = {
  name: 'app-loop',
  group: 'app',
  what: `the app of one pod is killed ${KILLS} times, each time when it is back (CrashLoopBackOff)`,
  spares: 'other pods',
  loses:
    'Requests in flight, each time; and if the app is down for longer than `--connect-wait`, requests that arrive ' +
    'before three health checks have failed (503 with Retry-After). Then the pod is out of the endpoints until the ' +
    'app is back.',
  onNode: true,
  async run(scene) {
    const pod = scene.pick()
    const reading = await scene.reading(pod.name)
    let first: Moment | undefined
    let backAt = 0
    const away: string[] = []
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { restarts } = pod
      const moment = await scene.signal(pod.name, APP, 'KILL')
      first ??= moment
      backAt = (await scene.restarted(pod, restarts)).backAt
      away.push(seconds(backAt - moment.from))
      await pause(1000)
    }
    return {
      touched: [pod.name],
      ...first!,
      until: backAt,
      reading,
      notes: [`away for ${away.join(', ')}`],
    }
  },
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

export const APP_FAULTS: readonly Fault[] = [killed, outOfMemory, hung, loop]
