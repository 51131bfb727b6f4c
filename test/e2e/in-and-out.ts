/**
 * `kubectl lastcall add` and `remove` on running apps under load: one whose port has a name, one whose port is a number,
 * and one that can be bound to loopback, as PostgREST can. Beside each stands a rollout of the bare app: what that loses
 * is the measure of what a step here may lose with the bare pods that it replaces. Nothing else may be lost.
 */
import { until } from '../fixtures/until.ts'
import { type Losses, together, tooMany } from './bare-losses.ts'
import type { AppName } from './flags.ts'
import type { Kubectl } from './kubectl.ts'
import { type Form, type Images, ownApp, type Part } from './objects.ts'
import { plugin } from './plugin.ts'
import { type As, Stage, type Step } from './stage.ts'
import { nothing, rollout } from './steps.ts'
import type { Row } from './table.ts'

export interface Tools {
  readonly kubectl: Kubectl
  /** How kubectl is called. */
  readonly command: string
  readonly namespace: string
  readonly form: Form
  readonly images: Images
  /** Of lastcall. */
  readonly options: readonly string[]
  readonly replicas: number
  readonly timeoutMs: number
  readonly clientArgs: readonly string[]
  readonly say: (line: string) => void
}

export type Shape = `${AppName} port`

/**
 * After bare pods have died, this long: a connection to a pod that is gone hangs until its client's timeout (25 s), and
 * must not be taken for a loss of the step after.
 */
const LATE_MS = 27_000
const TIMEOUTS = 'timeouts'
const POLL_MS = 250
/** So many bare rollouts come before, and one after, where lastcall is taken out again. */
const BARE_ROLLOUTS = 3
/** Long enough for a node to try. */
const BROKEN_TIMEOUT = '20s'

/** Plays these; `out` says whether lastcall is taken out again. */
export async function inAndOut(
  tools: Tools,
  apps: readonly AppName[],
  out: boolean,
  rows: Row[],
): Promise<void> {
  const losses: Losses[] = []
  for (const name of apps) losses.push(await play(tools, `${name} port`, out, rows))
  const { text, ok } = together(losses)
  tools.say(text)
  const last = rows.pop()
  if (last !== undefined) rows.push(ok ? last : { ...last, problems: [...last.problems, text] })
}

async function play(tools: Tools, shape: Shape, out: boolean, rows: Row[]): Promise<Losses> {
  const { kubectl, form, images, replicas, timeoutMs, clientArgs, say } = tools
  const name = shape.replace(' ', '-')
  const objects = appOf(name, shape, images, replicas)
  const common = {
    kubectl,
    images,
    name,
    objects,
    options: [],
    ports: 'one' as const,
    clientArgs,
    timeoutMs,
    say,
  }
  const began = rows.length
  const stage = new Stage({ ...common, form: 'bare' })
  const run = async (step: string, act: Step, as: As): Promise<boolean> => {
    const row = await stage.run(`${step}, ${shape}`, act, as)
    rows.push(row)
    return row.problems.length === 0
  }
  const bare = async (): Promise<number> => {
    const as = { form: 'bare', apart: false } as const
    const row = await stage.run(`rollout, ${shape}`, rollout, as)
    const late = await stage.run(`${TIMEOUTS}, ${shape}`, nothing(LATE_MS), as)
    rows.push(row, late)
    return row.failed + late.failed
  }
  await stage.start()
  const lost: number[] = []
  while (lost.length < BARE_ROLLOUTS) lost.push(await bare())
  const plain = { form, apart: false }
  const apart = { form, apart: true }
  const late = [TIMEOUTS, nothing(LATE_MS), plain] as const
  const steps: (readonly [string, Step, As])[] = [
    ...(shape === 'numeric port'
      ? ([
          ['add, no such image', broken(tools), plain],
          ['add, Ctrl-C', interrupted(tools), apart],
          late,
          ['add again', added(tools), plain],
        ] as const)
      : ([['add', added(tools), apart], late] as const)),
    ...(out ? ([['remove', removed(tools), shape === 'numeric port' ? apart : plain], late] as const) : []),
  ]
  let well = true
  for (const [step, act, as] of steps) if (well) well = await run(step, act, as)
  if (well && out) lost.push(await bare())
  rows.push(await stage.end())
  await stage.close()
  const played = rows.splice(began).map((row) => judged(row, lost))
  rows.push(...played)
  return { bare: lost, steps: perStep(played) }
}

/**
 * What each step lost that replaces bare pods; what failed later, at a client's timeout, belongs to the one before. Before the first
 * one, that is a bare rollout.
 */
export function perStep(rows: readonly Pick<Row, 'deaths' | 'apart'>[]): number[] {
  const steps: number[] = []
  for (const { deaths, apart = false } of rows) {
    if (deaths === undefined) continue
    if (apart) steps.push(deaths)
    else if (steps.length > 0) steps[steps.length - 1]! += deaths
  }
  return steps
}

/** What was lost with bare pods in a step is what any rollout of them loses; chance makes it more or less. */
function judged(row: Row, bare: readonly number[]): Row {
  const problem = row.deaths === undefined ? undefined : tooMany(row.deaths, bare)
  return problem === undefined ? row : { ...row, problems: [...row.problems, problem] }
}

/** The app of the test, bare, as its users have it before lastcall. */
export function appOf(name: string, shape: Shape, images: Images, replicas: number): Part[] {
  const text = JSON.stringify(ownApp(name, 'bare', images, replicas))
  const [deployment, service] = JSON.parse(text) as [Part, Part]
  const { template } = deployment['spec'] as { template: { spec: { containers: Container[] } } }
  const [container] = template.spec.containers
  if (shape === 'named port') {
    container!.ports[0]!['name'] = 'http'
    const { ports } = service['spec'] as { ports: Part[] }
    ports[0]!['targetPort'] = 'http'
  }
  // As PostgREST is told where to listen (and inject by an annotation, as the image is not PostgREST's); or by a variable
  // that nobody knows.
  if (shape === 'same port')
    deployment['metadata'] = {
      ...(deployment['metadata'] as Part),
      annotations: { 'lastcall.dev/config': '--bind-env=PGRST_SERVER_HOST' },
    }
  const variable = shape === 'same port' ? 'PGRST_SERVER_HOST' : 'WHERE_TO_LISTEN'
  container!.env = [
    ...container!.env.filter((row) => row['name'] !== 'HOST'),
    { name: variable, value: '0.0.0.0' },
    { name: 'HOST', value: `$(${variable})` },
  ]
  return [deployment, service]
}

interface Container {
  env: Part[]
  readonly ports: Part[]
}

function argsOf({ namespace, form, images, options, timeoutMs }: Tools, stage: Stage): string[] {
  return [
    'add',
    `deployment/${stage.cast.name}`,
    `--namespace=${namespace}`,
    `--image=${images.lastcall}`,
    `--mode=${form}`,
    `--timeout=${timeoutMs / 1000}s`,
    ...options,
  ]
}

function added(tools: Tools): Step {
  return async (stage) => {
    const old = living(stage)
    const said = await plugin(tools.command, argsOf(tools, stage))
    if (said.code !== 0) return [`add: exit code ${said.code}: ${said.err}`]
    // What was there already has no pods to replace.
    if (/the pods of/.test(said.out)) await gone(stage, old)
    return through(stage, true)
  }
}

/** Ctrl-C when the first pod with lastcall is ready; Kubernetes finishes the rollout, and nothing else happens. */
function interrupted(tools: Tools): Step {
  return async (stage) => {
    const old = living(stage)
    const said = await plugin(tools.command, argsOf(tools, stage), (line, signal) => {
      if (/ {2}with lastcall +ready$/.test(line)) signal('SIGINT')
    })
    await gone(stage, old)
    await stage.available()
    const problems = said.code === 130 ? [] : [`add ended with ${said.code} after Ctrl-C: ${said.err}`]
    if (!/To continue: kubectl lastcall add/.test(said.err))
      problems.push(`it does not say how to continue: ${said.err}`)
    return [...problems, ...(await through(stage, false))]
  }
}

/** An image that does not exist: the old pods stay, and the Deployment is as before. */
function broken(tools: Tools): Step {
  return async (stage) => {
    const { kubectl, name } = stage.cast
    const template = async () =>
      JSON.stringify(
        (await kubectl.json<{ spec: { template: object } }>(['get', 'deployment', name])).spec.template,
      )
    const before = await template()
    const uids = living(stage).map(({ uid }) => uid)
    const said = await plugin(tools.command, [
      ...argsOf(tools, stage).filter((one) => !/^--(image|timeout)=/.test(one)),
      '--image=lastcall.invalid/nothing:0',
      `--timeout=${BROKEN_TIMEOUT}`,
    ])
    const stayed = living(stage).filter(({ uid }) => uids.includes(uid)).length
    return [
      ...(said.code === 1 ? [] : [`add ended with ${said.code}`]),
      ...(/ErrImage|ImagePullBackOff|pull/.test(said.err) ? [] : [`it does not say why: ${said.err}`]),
      ...(said.err.includes('The step was reverted')
        ? []
        : [`it does not say that the step was reverted: ${said.err}`]),
      ...((await template()) === before ? [] : ['the Deployment is not as it was']),
      ...(stayed === uids.length ? [] : [`${uids.length - stayed} of the old pods are gone`]),
    ]
  }
}

function removed({ command, namespace, timeoutMs }: Tools): Step {
  return async (stage) => {
    const old = living(stage)
    const args = [
      'remove',
      `deployment/${stage.cast.name}`,
      `--namespace=${namespace}`,
      `--timeout=${timeoutMs / 1000}s`,
    ]
    const said = await plugin(command, args)
    if (said.code !== 0) return [`remove: exit code ${said.code}: ${said.err}`]
    await gone(stage, old)
    return []
  }
}

/** Whether the Service leads to lastcall: by the port that the endpoints have. */
async function through(stage: Stage, yes: boolean): Promise<string[]> {
  const { kubectl, name } = stage.cast
  const { items } = await kubectl.json<{ items: Pod[] }>(['get', 'pods', '-l', `app=${name}`])
  const containers = items.flatMap(({ spec }) => spec.containers.concat(spec.initContainers ?? []))
  const listening = containers
    .filter((one) => one.name === 'lastcall')
    .flatMap(({ args }) => args?.flatMap((word) => /^--listen=.*:(\d+)$/.exec(word)?.[1] ?? []) ?? [])
  const slices = await kubectl.json<{ items: { ports: { port: number }[] }[] }>([
    'get',
    'endpointslices',
    '-l',
    `kubernetes.io/service-name=${name}`,
  ])
  const ports = [...new Set(slices.items.flatMap((slice) => slice.ports.map(({ port }) => String(port))))]
  const leads = ports.every((port) => listening.includes(port))
  return leads === yes
    ? []
    : [`the Service leads to port ${ports.join(' and ')}, and lastcall has ${listening.join(' and ')}`]
}

interface Pod {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly args?: readonly string[] }[]
    readonly initContainers?: readonly { readonly name: string; readonly args?: readonly string[] }[]
  }
}

function living(stage: Stage) {
  return stage.pods.present.filter(({ deletedAt, ready }) => deletedAt === undefined && ready)
}

async function gone(stage: Stage, pods: ReturnType<typeof living>): Promise<void> {
  const all = () => pods.every(({ goneAt }) => goneAt !== undefined)
  await until('the end of the old pods', all, stage.cast.timeoutMs, POLL_MS)
}
