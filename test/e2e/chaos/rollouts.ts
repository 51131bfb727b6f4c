/** Rollouts as they happen: too many, taken back, broken, by a machine, and many pods at once. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../../src/tools/rehearsal/report.ts'
import { hear } from '../child.ts'
import { living, quiet } from '../steps.ts'
import type { Blow, Fault } from './fault.ts'
import { pause, type Scene } from './scene.ts'

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
const APP = fileURLToPath(new URL('../../../src/tools/rehearsal/app.ts', import.meta.url))
const IN_A_ROW = 3
const BETWEEN_MS = 4000
const BROKEN_MS = 15_000
const TEN = 10
/** The seeds' own measure. */
const DEREGISTERED_MS = 2000
const HUNDRED = 100
/** Of the rehearsal; then it is ended. */
const MOST_MS = 1_200_000

/** Everything that was there at some time since `from` may have been hit, and nothing may be lost. */
function all(scene: Scene, from: number, notes: readonly string[], problems: readonly string[] = []): Blow {
  const now = Date.now()
  const stories = [...scene.stage.pods.stories.values()]
  const touched = stories
    .filter(({ goneAt }) => goneAt === undefined || goneAt >= from)
    .map(({ name }) => name)
  return { touched, from, to: now, until: now, notes, problems }
}

const inARow: Fault = {
  name: 'rollouts-in-a-row',
  group: 'rollout',
  what: `${IN_A_ROW} rollouts one after another, ${BETWEEN_MS / 1000} s apart, without waiting for the end of one`,
  spares: 'everything',
  loses: 'Nothing.',
  onNode: false,
  async run(scene) {
    const from = Date.now()
    for (let count = 0; count < IN_A_ROW; count += 1) {
      await scene.kubectl.run(['rollout', 'restart', `deployment/${scene.name}`])
      await pause(BETWEEN_MS)
    }
    await scene.calm()
    const stopped = [...scene.stage.pods.stories.values()].filter(({ goneAt = 0 }) => goneAt >= from)
    return all(scene, from, [`${stopped.length} pods were stopped`])
  },
}

const rollback: Fault = {
  name: 'rollback',
  group: 'rollout',
  what: 'a rollout is undone (rollout undo) while the first old pod stops',
  spares: 'everything',
  loses: 'Nothing.',
  onNode: false,
  async run(scene) {
    const from = Date.now()
    const old = scene.living()
    await scene.kubectl.run(['rollout', 'restart', `deployment/${scene.name}`])
    await scene.until('the first old pod to be deleted', () =>
      old.some(({ deletedAt }) => deletedAt !== undefined),
    )
    await scene.kubectl.run(['rollout', 'undo', `deployment/${scene.name}`])
    await scene.calm()
    const kept = old.filter(({ deletedAt }) => deletedAt === undefined).length
    return all(scene, from, [`${kept} of ${old.length} old pods were kept`])
  },
}

const badImage: Fault = {
  name: 'bad-image',
  group: 'rollout',
  what: 'a rollout to an image that does not exist, and back after a while',
  spares: 'everything',
  loses: 'Nothing: the old pods stay until a new one is ready (maxUnavailable: 0).',
  onNode: false,
  async run(scene) {
    const from = Date.now()
    const old = scene.living()
    await scene.kubectl.run(['set', 'image', `deployment/${scene.name}`, 'app=lastcall.invalid/none:never'])
    await pause(BROKEN_MS)
    const kept = old.filter(({ deletedAt, ready }) => deletedAt === undefined && ready).length
    await scene.kubectl.run(['rollout', 'undo', `deployment/${scene.name}`])
    await scene.calm()
    const problems = kept === old.length ? [] : [`only ${kept} of ${old.length} old pods stayed`]
    return all(scene, from, [`all ${kept} old pods stayed`], problems)
  },
}

const ten: Fault = {
  name: 'ten-replicas',
  group: 'rollout',
  what: `a rollout of ${TEN} replicas; out of the endpoints within ${DEREGISTERED_MS / 1000} s of the deletion`,
  spares: 'everything',
  loses: 'Nothing.',
  onNode: false,
  async run(scene) {
    const { kubectl, name, stage } = scene
    const resize = async (replicas: number) => {
      await kubectl.run(['scale', `deployment/${name}`, `--replicas=${replicas}`])
      await stage.available()
      await quiet(stage, replicas)
    }
    await resize(TEN)
    const from = Date.now()
    const old = living(stage)
    await kubectl.run(['rollout', 'restart', `deployment/${name}`])
    await stage.available()
    await scene.gone(old)
    const rolledMs = Date.now() - from
    const left = old.map(({ deletedAt = 0, deregisteredAt = Infinity }) => deregisteredAt - deletedAt)
    const slowest = Math.max(...left)
    await resize(scene.replicas)
    const notes = [
      `the rollout took ${(rolledMs / 1000).toFixed(1)} s; each pod left the endpoints within ${Math.max(0, slowest)} ms of its deletion`,
    ]
    return all(scene, from, notes, slowest <= DEREGISTERED_MS ? [] : [`deregistered after ${slowest} ms`])
  },
}

const hundred: Fault = {
  name: 'hundred-replicas',
  group: 'rollout',
  what: `a rollout of ${HUNDRED} replicas in the rehearsal, on this machine instead of the cluster`,
  spares: 'everything',
  loses: 'Nothing.',
  onNode: false,
  async run() {
    const from = Date.now()
    const app = [process.execPath, APP, '{port}']
    const flags = ['--mode', 'plain', '--replicas', String(HUNDRED), '--ready-within', '300s', '--json']
    const args = [CLI, 'rehearse', ...flags, '--', ...app]
    const { out, errors, code } = await hear(
      spawn(process.execPath, args, { stdio: 'pipe', timeout: MOST_MS }),
    )
    const now = Date.now()
    const reports = out.trim() === '' ? [] : (JSON.parse(out) as { reports: Report[] }).reports
    const problems = code === 0 ? [] : [`exit code ${code}: ${errors.trim().split('\n').at(-1)}`]
    return { touched: [], from, to: now, until: now, notes: reports.map(rehearsed), problems }
  },
}

function rehearsed({ strategy, requests, failures, rolloutMs, worstLatenessMs }: Report): string {
  const seconds = (Math.max(...rolloutMs) / 1000).toFixed(1)
  const late = Math.round(worstLatenessMs)
  return `${strategy}: ${requests} requests, ${failures.length} failed, rolled out in ${seconds} s; timers at most ${late} ms late`
}

export const ROLLOUT_FAULTS: readonly Fault[] = [inARow, rollback, badImage, ten, hundred]
