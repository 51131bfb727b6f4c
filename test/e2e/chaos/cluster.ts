/** Faults of what a drain relies on: the API server, kube-proxy. */
import type { Fault } from './fault.ts'
import { pause } from './scene.ts'

const API_AWAY_S = 30
const PROXY_AWAY_S = 10

const apiServer: Fault = {
  name: 'apiserver-away',
  group: 'cluster',
  what: `the API server does not answer for ${API_AWAY_S} s in the middle of a rollout`,
  spares: 'everything',
  loses: 'Nothing: lastcall never asks the API server; the rollout continues when it is back.',
  onNode: true,
  async run(scene) {
    const { kubectl, name } = scene
    const node = await scene.someNode()
    const pods = scene.living()
    const from = Date.now()
    await kubectl.run(['rollout', 'restart', `deployment/${name}`])
    await scene.until('the first pod to be deleted', () =>
      pods.some(({ deletedAt }) => deletedAt !== undefined),
    )
    await scene.node.freeze(node, 'kube-apiserver', API_AWAY_S)
    await scene.stage.available()
    await scene.gone(pods)
    await scene.calm()
    const now = Date.now()
    return { touched: pods.map((pod) => pod.name), from, to: now, until: now }
  },
}

const proxy: Fault = {
  name: 'kube-proxy-away',
  group: 'cluster',
  what: `kube-proxy is stopped for ${PROXY_AWAY_S} s while a pod stops: its endpoint stays in use`,
  spares: 'everything',
  loses:
    'Nothing up to `--lame-duck-max`: lastcall keeps serving while new connections arrive, whatever the endpoints say. ' +
    'With longer delays set `--settle` and `--grace-period` higher.',
  onNode: true,
  async run(scene) {
    const node = await scene.someNode()
    const pod = scene.pick()
    const from = Date.now()
    const frozen = scene.node.freeze(node, 'kube-proxy', PROXY_AWAY_S)
    await pause(500)
    await scene.delete(pod)
    await frozen
    const thawedAt = Date.now()
    await scene.gone([pod])
    await scene.calm()
    const now = Date.now()
    const last = (await scene.stage.report()).byPod[pod.name]?.lastConnectionAt ?? 0
    const notes = [
      `kube-proxy was back ${thawedAt - from} ms after the deletion; the last new connection came ${Math.max(0, last - from)} ms after it`,
    ]
    return { touched: [pod.name], from, to: now, until: now, notes }
  },
}

export const CLUSTER_FAULTS: readonly Fault[] = [apiServer, proxy]
