/** The command line of `npm run e2e`: flags, help, mistakes. Pure. */
import { parseArgs } from 'node:util'
import { FAULTS } from './chaos/faults.ts'
import { type Form, FORMS, type Images } from './objects.ts'

export const HELP = `npm run e2e -- [flags] [-- options of lastcall]

Runs lastcall in a real cluster, under clients that never retry, and exits with 1 if any request failed. Needs kubectl
with a current context, and three images (images/build makes them). Removes what it made, also when interrupted.

  --kubectl COMMAND    how to call kubectl             (KUBECTL, else kubectl)
  --namespace NAME     is made and removed again; one that exists stays, only what the test made is removed  (lastcall-e2e)
  --lastcall IMAGE, --app IMAGE, --client IMAGE        (lastcall:e2e, lastcall-rollout-app:e2e, lastcall-load-client:e2e)
  --pull POLICY        Always, IfNotPresent, Never     (IfNotPresent)
  --forms LIST         of bare, plain, native          (plain,native; native needs Kubernetes 1.29)
                       bare is the app without lastcall, for comparison: its failures do not count
  --steps LIST         of load, rollout, scale, delete, liveness, postgrest   (all of these)
                       and only if asked for: add, remove (kubectl lastcall, into running apps and out of
                       them) and chaos (faults on purpose)
  --apps LIST          into which: named, numeric, same (how the Service finds the port; docs/e2e.md)   (all)
  --faults LIST        which faults; their names are in docs/e2e.md   (all)
  --node-exec COMMAND  runs a shell on the node that reads its script from stdin, such as
                       'docker exec -i kind-control-plane sh'; {node} is the node's name. Some faults need it
  --node-restart COMMAND  restarts the daemon of the node that is appended   (systemctl by --node-exec)
  --ports one|two      two: HTTP on one port of the app and gRPC on another     (one)
  --replicas N         to begin with                   (3)
  --rollouts N, --deletions N                          (2, 2)
  --density N          multiplies the clients          (1)
  --postgrest IMAGE    roll out a PostgREST, too       (without it that is skipped)
  --postgres IMAGE     its database                    (docker.io/library/postgres:17)
  --timeout SECONDS    for any one wait                (300)
  --html FILE          also write a report to read in a browser
  --json               the rows as JSON on stdout instead of the table; progress is on stderr`

/** For `add` and `remove`: the port of the Service is a name, a number, or lastcall's and the app's at once. */
const APPS = ['named', 'numeric', 'same'] as const
export type AppName = (typeof APPS)[number]
const USUAL = ['load', 'rollout', 'scale', 'delete', 'liveness', 'postgrest'] as const
const STEPS = [...USUAL, 'add', 'remove', 'chaos'] as const
export type StepName = (typeof STEPS)[number]

export interface Asked {
  readonly kubectl: string
  readonly namespace: string
  readonly images: Images
  readonly forms: readonly Form[]
  readonly steps: readonly StepName[]
  /** Names of FAULTS, for the step chaos. */
  readonly faults: readonly string[]
  readonly nodeExec: string | undefined
  readonly nodeRestart: string | undefined
  readonly ports: 'one' | 'two'
  readonly replicas: number
  readonly rollouts: number
  readonly deletions: number
  readonly density: string
  readonly postgrest: string | undefined
  readonly postgres: string
  readonly apps: readonly AppName[]
  readonly timeoutMs: number
  readonly html: string | undefined
  readonly json: boolean
  readonly help: boolean
  /** Of lastcall. */
  readonly options: readonly string[]
}

const PULL = ['Always', 'IfNotPresent', 'Never']

/** Reads the command line; throws with a sentence if it makes no sense. */
export function readFlags(argv: readonly string[], kubectl: string): Asked {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  const { values } = parseArgs({
    args: argv.slice(0, end),
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      kubectl: { type: 'string', default: kubectl },
      namespace: { type: 'string', default: 'lastcall-e2e' },
      lastcall: { type: 'string', default: 'lastcall:e2e' },
      app: { type: 'string', default: 'lastcall-rollout-app:e2e' },
      client: { type: 'string', default: 'lastcall-load-client:e2e' },
      pull: { type: 'string', default: 'IfNotPresent' },
      forms: { type: 'string', default: 'plain,native' },
      steps: { type: 'string', default: USUAL.join(',') },
      faults: { type: 'string', default: FAULTS.map(({ name }) => name).join(',') },
      'node-exec': { type: 'string' },
      'node-restart': { type: 'string' },
      ports: { type: 'string', default: 'one' },
      replicas: { type: 'string', default: '3' },
      rollouts: { type: 'string', default: '2' },
      deletions: { type: 'string', default: '2' },
      density: { type: 'string', default: '1' },
      postgrest: { type: 'string' },
      postgres: { type: 'string', default: 'docker.io/library/postgres:17' },
      apps: { type: 'string', default: APPS.join(',') },
      timeout: { type: 'string', default: '300' },
      html: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const { lastcall, app, client, pull } = values
  if (!PULL.includes(pull)) throw new Error(`--pull ${pull}: give one of ${PULL.join(', ')}`)
  return {
    kubectl: values.kubectl,
    namespace: values.namespace,
    images: { lastcall, app, client, pullPolicy: pull },
    forms: several('--forms', values.forms, FORMS),
    steps: several('--steps', values.steps, STEPS),
    faults: several(
      '--faults',
      values.faults,
      FAULTS.map(({ name }) => name),
    ),
    nodeExec: values['node-exec'],
    nodeRestart: values['node-restart'],
    ports: several('--ports', values.ports, ['one', 'two'] as const)[0]!,
    replicas: whole('--replicas', values.replicas),
    rollouts: whole('--rollouts', values.rollouts),
    deletions: whole('--deletions', values.deletions),
    density: values.density,
    postgrest: values.postgrest,
    postgres: values.postgres,
    apps: several('--apps', values.apps, APPS),
    timeoutMs: whole('--timeout', values.timeout) * 1000,
    html: values.html,
    json: values.json,
    help: values.help,
    options: argv.slice(end + 1),
  }
}

function several<Name extends string>(flag: string, text: string, names: readonly Name[]): Name[] {
  const asked = text.split(',')
  const wrong = asked.find((one) => !names.includes(one as Name))
  if (wrong !== undefined) throw new Error(`${flag} ${text}: ${wrong} is none of ${names.join(', ')}`)
  return names.filter((name) => asked.includes(name))
}

function whole(flag: string, text: string): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new Error(`${flag} ${text}: give a whole number above 0`)
  return number
}
