/**
 * `npm run e2e`: lastcall in any real cluster, under load, through everything that stops a pod (docs/e2e.md). Prints a
 * table; exits with 1 if a request failed behind lastcall or a pod was lost, 2 if it could not be tried. Cleans up
 * after itself, also when interrupted.
 */
import { unwritable, writeWhole } from '../../src/tools/rehearsal/report-file.ts'
import { FAULTS } from './chaos/faults.ts'
import { Node } from './chaos/node.ts'
import { playFaults, removePriorities } from './chaos/play.ts'
import { faultDetails, type FaultRow, faultTable } from './chaos/table.ts'
import { Undo } from './chaos/undo.ts'
import { type Asked, HELP, readFlags } from './flags.ts'
import { inAndOut } from './in-and-out.ts'
import { Kubectl } from './kubectl.ts'
import { type Form, OWN_LABEL, own, ownApp, withGrpcPort } from './objects.ts'
import { DATABASE, database, POSTGREST, POSTGREST_CLIENT, postgrest } from './postgrest.ts'
import { e2ePage } from './page.ts'
import { type Cast, Stage, type Step } from './stage.ts'
import { deletion, liveness, nothing, rollout, scale } from './steps.ts'
import { details, type Row, starts, table } from './table.ts'

const PASSED = 0
const FAILED = 1
const NOT_TRIED = 2
const INTERRUPTED = 130
/** The load runs alone so long. */
const ALONE_MS = 10_000
const APP = 'app'
const MOST = 5
const NATIVE_MINOR = 29
/** The kubelet's ConsistentHTTPGetHandlers. */
const HOOK_HEADERS_MINOR = 26

const beganAt = Date.now()
function say(line: string): void {
  const seconds = String(Math.round((Date.now() - beganAt) / 1000)).padStart(4)
  console.error(`[${seconds} s] ${line}`)
}

async function main(): Promise<number> {
  const asked = readFlags(process.argv.slice(2), process.env['KUBECTL'] ?? 'kubectl')
  if (asked.help) {
    console.log(HELP)
    return PASSED
  }
  const why = asked.html === undefined ? undefined : unwritable(asked.html)
  if (why !== undefined) throw new Error(`--html ${asked.html}: cannot be written: ${why}`)
  const stop = new AbortController()
  let once = false
  const interrupted = new Promise<number>((resolve) => {
    const end = (): void => {
      if (once) process.exit(INTERRUPTED)
      once = true
      say('interrupted: cleaning up (once more to leave everything as it is)')
      stop.abort()
      resolve(INTERRUPTED)
    }
    process.on('SIGINT', end).on('SIGTERM', end)
  })
  const cleaner = new Kubectl(asked.kubectl, asked.namespace)
  const { gitVersion, minor } = await serverVersion(cleaner)
  const made = await makeNamespace(cleaner, asked.namespace)
  const rows: Row[] = []
  const faults: FaultRow[] = []
  const undo = new Undo(cleaner)
  const skipped: string[] = []
  const finish = (broken: string | undefined): void => {
    print(asked.json, rows, faults, skipped)
    if (asked.html === undefined) return
    const page = { asked, kubernetes: gitVersion, rows, faults, skipped, broken, endedAt: new Date() }
    try {
      writeWhole(asked.html, e2ePage(page))
      say(`report: ${asked.html}`)
    } catch (error) {
      say(`--html ${asked.html}: not written: ${(error as Error).message}`)
    }
  }
  try {
    const kubectl = new Kubectl(asked.kubectl, asked.namespace, stop.signal)
    const work = everything(asked, kubectl, minor, undo, rows, faults, skipped)
    const code = await Promise.race([work, interrupted])
    finish(code === INTERRUPTED ? 'The run was interrupted.' : undefined)
    return code
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    say(message)
    finish(`The run could not go on: ${message}`)
    return NOT_TRIED
  } finally {
    // Whatever kubectl still runs, a watch above all.
    stop.abort()
    await undo.rest(say)
    await clean(cleaner, asked.namespace, made)
    if (asked.steps.includes('chaos'))
      await removePriorities(cleaner).catch((error: Error) => say(error.message))
  }
}

async function everything(
  asked: Asked,
  kubectl: Kubectl,
  minor: number,
  undo: Undo,
  rows: Row[],
  faults: FaultRow[],
  skipped: string[],
): Promise<number> {
  const skip = (why: string): void => {
    skipped.push(why)
    say(`skipped: ${why}`)
  }
  const able = asked.forms.filter((form) => {
    if (form !== 'native' || minor >= NATIVE_MINOR) return true
    skip(`native: a native sidecar needs Kubernetes 1.${NATIVE_MINOR}, the server is 1.${minor}`)
    return false
  })
  const { images, ports, timeoutMs, replicas } = asked
  // Older kubelets send no header fields with a hook: with a token, lastcall would turn each hook away.
  const options = minor < HOOK_HEADERS_MINOR ? [...asked.options, '--no-token'] : asked.options
  for (const form of able) {
    const one = ownApp(APP, form, images, replicas)
    const objects = ports === 'one' ? one : withGrpcPort(one)
    const args = [asked.density]
    const cast = {
      kubectl,
      form,
      images,
      name: APP,
      objects,
      options,
      ports,
      clientArgs: args,
      timeoutMs,
      say,
    }
    const steps = stepsOf(asked, form)
    if (steps.length > 0) await play(cast, steps, rows)
    if (asked.steps.includes('chaos') && form !== 'bare') {
      const chosen = FAULTS.filter(({ name }) => asked.faults.includes(name))
      await playFaults(
        cast,
        chosen,
        new Node(asked.nodeExec, asked.nodeRestart),
        undo,
        replicas,
        minor,
        faults,
      )
    }
    const out = asked.steps.includes('remove')
    if (form !== 'bare' && (out || asked.steps.includes('add')))
      await inAndOut(
        { ...cast, form, command: asked.kubectl, namespace: asked.namespace, replicas },
        asked.apps,
        out,
        rows,
      )
  }
  const last = able.findLast((form) => form !== 'bare')
  if (asked.steps.includes('postgrest')) {
    if (asked.postgrest === undefined) skip('the rollout of a PostgREST: --postgrest names no image')
    else if (last === undefined) skip('the rollout of a PostgREST: no form with lastcall is tried')
    else await playPostgrest({ ...asked, options }, asked.postgrest, kubectl, last, rows)
  }
  const tried = rows.filter(({ form }) => form !== 'bare')
  if (rows.length === 0 && faults.every((fault) => fault.skipped !== undefined)) return NOT_TRIED
  const broken = faults.some((fault) => fault.skipped === undefined && !fault.judgement.ok)
  return broken || tried.some(({ failed, problems }) => failed > 0 || problems.length > 0) ? FAILED : PASSED
}

function times(count: number, name: string, step: Step): (readonly [string, Step])[] {
  return Array.from({ length: count }, (_, index) => [`${name} ${index + 1}`, step] as const)
}

function stepsOf(asked: Asked, form: Form): readonly (readonly [string, Step])[] {
  return asked.steps.flatMap((name): readonly (readonly [string, Step])[] => {
    switch (name) {
      case 'load':
        return [['load alone', nothing(ALONE_MS)]]
      case 'rollout':
        return times(asked.rollouts, 'rollout', rollout)
      case 'scale':
        return [
          [`scale ${asked.replicas} to ${MOST}`, scale(MOST)],
          [`scale ${MOST} to 1`, scale(1)],
          [`scale 1 to ${MOST}`, scale(MOST)],
          [`scale ${MOST} to ${asked.replicas}`, scale(asked.replicas)],
        ]
      case 'delete':
        return times(asked.deletions, 'pod deleted', deletion)
      case 'liveness':
        // Bare, the requests in hand are lost with the container: that is known.
        return form === 'bare' ? [] : [['liveness fails', liveness]]
      case 'postgrest':
      case 'add':
      case 'remove':
      case 'chaos':
        return []
      default:
        return name satisfies never
    }
  })
}

async function playPostgrest(
  asked: Asked,
  image: string,
  kubectl: Kubectl,
  form: Form,
  rows: Row[],
): Promise<void> {
  const { images, options, timeoutMs, replicas } = asked
  await kubectl.apply(database(asked.postgres, images))
  await kubectl.run(['rollout', 'status', `deployment/${DATABASE}`, `--timeout=${timeoutMs / 1000}s`])
  const { spec } = await kubectl.json<{ spec: { clusterIP: string } }>(['get', 'service', DATABASE])
  const objects = postgrest(image, images, spec.clusterIP, replicas)
  const clientArgs = [asked.density, ...POSTGREST_CLIENT]
  const ports = 'one' as const
  const cast = { kubectl, form, images, name: POSTGREST, objects, options, ports, clientArgs, timeoutMs, say }
  await play(cast, [['PostgREST rollout', rollout]], rows)
}

async function play(cast: Cast, steps: readonly (readonly [string, Step])[], rows: Row[]): Promise<void> {
  const stage = new Stage(cast)
  await stage.start()
  for (const [name, step] of steps) {
    const row = await stage.run(name, step)
    rows.push(row)
    // What comes after a step that did not end well would only repeat it.
    if (row.problems.length > 0) break
  }
  rows.push(await stage.end())
  await stage.close()
}

async function serverVersion(kubectl: Kubectl): Promise<{ gitVersion: string; minor: number }> {
  const { serverVersion: server } = await kubectl.json<{
    serverVersion: { gitVersion: string; minor: string }
  }>(['version'])
  say(`Kubernetes ${server.gitVersion}`)
  return { gitVersion: server.gitVersion, minor: Number.parseInt(server.minor, 10) }
}

/** Makes it, and answers whether it did; one of ours that an earlier run could not remove is removed first. */
async function makeNamespace(kubectl: Kubectl, name: string): Promise<boolean> {
  const found = await kubectl.run(['get', 'namespace', name, '--ignore-not-found', '-o', 'json'])
  if (found.trim() !== '') {
    const { metadata } = JSON.parse(found) as { metadata: { labels?: { [label: string]: string } } }
    if (metadata.labels?.[OWN_LABEL] === undefined) return false
    say(`removing the namespace ${name} of an earlier run`)
    await kubectl.run(['delete', 'namespace', name, '--wait=true'])
  }
  await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: own } }])
  return true
}

async function clean(kubectl: Kubectl, namespace: string, made: boolean): Promise<void> {
  say('removing what was made')
  try {
    if (made) await kubectl.run(['delete', 'namespace', namespace, '--wait=true', '--timeout=180s'])
    else
      await kubectl.run([
        'delete',
        'jobs,deployments,services,configmaps',
        '-l',
        OWN_LABEL,
        '--wait=true',
        '--timeout=180s',
      ])
  } catch (error) {
    say(`not all could be removed from the namespace ${namespace}: ${(error as Error).message}`)
  }
}

function print(
  json: boolean,
  rows: readonly Row[],
  faults: readonly FaultRow[],
  skipped: readonly string[],
): void {
  if (json) {
    console.log(JSON.stringify({ rows, faults, skipped }))
    return
  }
  if (faults.length > 0) console.log(`${faultTable(faults)}\n`)
  for (const line of faults.flatMap(faultDetails)) console.log(line)
  if (rows.length > 0) console.log(`${table(rows)}\n`)
  for (const line of rows.flatMap(details)) console.log(line)
  for (const line of starts(rows)) console.log(line)
  for (const why of skipped) console.log(`skipped: ${why}`)
  const tried = rows.filter(({ form }) => form !== 'bare')
  const sum = (pick: (row: Row) => number) => tried.reduce((total, row) => total + pick(row), 0)
  if (tried.length > 0)
    console.log(
      `behind lastcall: ${sum(({ requests }) => requests)} requests, ${sum(({ failed }) => failed)} failed`,
    )
}

try {
  process.exit(await main())
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(NOT_TRIED)
}
