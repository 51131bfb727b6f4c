/**
 * The texts of `--help`, made from the table of options; and of the README's table. Pure.
 * Nothing is wider than 100 columns.
 */
import { GROUPS, initialText, type Option } from '../proxy/config/option.ts'
import { OPTIONS } from '../proxy/config/options.ts'
import { table, WIDTH, wrap, type Row } from './columns.ts'
import { REHEARSE_ROWS } from './rehearse-flags.ts'

/** Wide enough for most flags; a wider one gets its own line. */
const LEFT = 32

export const COMMANDS = ['drain', 'resume', 'status'] as const
export type Command = (typeof COMMANDS)[number]

const ABOUT: Record<Command, { readonly line: string; readonly more: string }> = {
  drain: {
    line: 'drain a running lastcall and wait until nothing is in flight',
    more:
      'Takes the pod out of service without stopping it: endpoints propagate, clients are told to leave, and requests in ' +
      'flight finish. The listener stays open, because a manual drain does not prove that the pod stops; lastcall resume ' +
      'undoes it. Ctrl-C stops waiting, but not the drain.',
  },
  resume: {
    line: 'undo a drain and serve again',
    more: 'Not possible after a signal or once the exit has begun. A preStop hook alone does not prevent it.',
  },
  status: {
    line: 'show what a running lastcall is doing',
    more: 'Shows its phase, the requests in flight (oldest first), the health of the app, and how the last drain ended.',
  },
}

export const MANIFEST_COMMANDS = ['inject', 'check'] as const
export type ManifestCommand = (typeof MANIFEST_COMMANDS)[number]

const CLIENT_ROWS: readonly Row[] = [
  ['--admin URL', 'admin address: URL, HOST:PORT or :PORT; or LASTCALL_ADMIN [http://127.0.0.1:9099]'],
  ['--token TOKEN', "lastcall's token, if one is set; or LASTCALL_TOKEN"],
  ['--json', 'print the response as JSON'],
  ['--help', 'show this help'],
]

/** `lastcall --help` */
export function mainHelp(): string {
  const groups = GROUPS.map((group) => {
    return `${group}:\n${table(optionsOf(group).map(helpRow), LEFT)}`
  })
  const commands = COMMANDS.map((command): Row => [command, ABOUT[command].line])
  return [
    'A drain sidecar for Kubernetes: no request is lost when a pod stops, and the app stays as it is.',
    `Usage:\n${table(
      [
        ['lastcall [options]', 'run the proxy in front of the app'],
        ['lastcall COMMAND', 'control a running lastcall; see lastcall COMMAND --help'],
        ['lastcall rehearse -- COMMAND', REHEARSE],
        ...MANIFEST_COMMANDS.map((command): Row => [`lastcall ${command}`, MANIFEST_HELP[command].line]),
      ],
      LEFT,
    )}`,
    `Commands:\n${table(commands, LEFT)}`,
    ...groups,
    `Other:\n${table(
      [
        ['--help', 'show this help'],
        ['--version', 'show the version'],
      ],
      LEFT,
    )}`,
    'Each option is also an environment variable: --grace-period 30s is LASTCALL_GRACE_PERIOD=30s.\n' +
      'Flags take precedence over variables.\n' +
      'Durations and sizes need a unit: 500ms, 1.5s, 2m; 512B, 32KiB, 1MiB.\n' +
      'Exit codes: 0 nothing was cut; 1 lastcall cut requests at the deadline; 2 invalid configuration.',
  ].join('\n\n')
}

/** `lastcall drain --help` and its like. */
export function commandHelp(command: Command): string {
  const { line, more } = ABOUT[command]
  const usage = `Usage:\n  lastcall ${command} [--admin URL] [--token TOKEN] [--json]`
  const about = [`lastcall ${command}: ${line}.`, '', ...wrap(more, WIDTH)].join('\n')
  const exit = 'Exit codes: 0 done; 1 not done, or lastcall could not be reached; 2 invalid usage.'
  return [about, usage, `Options:\n${table(CLIENT_ROWS, 15)}`, exit].join('\n\n')
}

const REHEARSE = 'stop your own app repeatedly under load, without and with lastcall'

/** `lastcall rehearse --help` */
export function rehearseHelp(): string {
  const more =
    'Starts replicas of COMMAND on free ports of 127.0.0.1 (each gets its own as $PORT, and in place of {port} in its ' +
    'arguments), simulates the kubelet, kube-proxy and clients, and replaces all replicas under load: first the app ' +
    'alone, then with lastcall in front. No cluster is needed. Clients send only GET unless --post is given. Ctrl-C ' +
    'ends everything at once.'
  return [
    [`lastcall rehearse: ${REHEARSE}.`, '', ...wrap(more, WIDTH)].join('\n'),
    'Usage:\n  lastcall rehearse [options] -- COMMAND ARGS...\n' +
      '  lastcall rehearse --path /items --html report.html -- node my-app.js\n' +
      '  lastcall rehearse -- python3 -m http.server {port} --bind 127.0.0.1',
    `Options:\n${table([...REHEARSE_ROWS, ['--help', 'show this help']], 26)}`,
    wrap(
      'Options of the proxy (lastcall --help), such as --settle, --grace-period or --health http://127.0.0.1:{port}/ready, ' +
        'are passed to lastcall.',
      WIDTH,
    ).join('\n'),
    wrap(
      'Exit codes: 0 no request failed with lastcall in front; 1 at least one failed; 2 the rehearsal could not run.',
      WIDTH,
    ).join('\n'),
  ].join('\n\n')
}

const SOURCE_ROWS: readonly Row[] = [
  ['-f FILE,...', 'files and folders, as without -f; repeatable; - or no file: standard input'],
  ['-R', 'also read subfolders'],
  ['-n NAMESPACE', 'the namespace of objects that do not name one; objects of others are left alone'],
]

interface ManifestHelp {
  readonly line: string
  readonly more: string
  readonly usage: string
  readonly rows: readonly Row[]
  readonly notes: readonly string[]
}

const MANIFEST_HELP: Readonly<Record<ManifestCommand, ManifestHelp>> = {
  inject: {
    line: 'add the sidecar to Kubernetes manifests',
    more:
      'Reads manifests and prints them with lastcall in front of the app of each Deployment, StatefulSet, DaemonSet, ' +
      'ReplicaSet, ReplicationController, Pod, Argo Rollout, Job and CronJob, and redirects the Services in the same input ' +
      'to it. Comments, order ' +
      'and formatting are kept. A second run changes nothing; --remove undoes it. inject leaves out what it cannot change ' +
      'safely, and lists it at the end with the command to run.',
    usage:
      '  lastcall inject [FILE|FOLDER]... [options] [options of lastcall]\n' +
      '  lastcall inject app.yaml --grace-period 60s > app-with-lastcall.yaml\n' +
      '  kubectl get deploy,svc web -o yaml | lastcall inject | kubectl apply -f -',
    rows: [
      ...SOURCE_ROWS,
      ['--mode native|plain', 'a native sidecar (Kubernetes 1.29 and later), or a second container [native]'],
      ['--name WORKLOAD', 'only this workload: web or deployment/web; repeatable [all]'],
      ['--container NAME', 'the container of the app, if it is ambiguous'],
      ['--image IMAGE', 'the image of lastcall [ghcr.io/lastcall/lastcall:VERSION]'],
      ['--bind-env NAME', 'the variable that makes the app listen on 127.0.0.1; or NAME=VALUE'],
      ['--bind-arg=FLAG', 'the argument that does the same; or FLAG=VALUE'],
      ['--step pods|services', 'do half of the change: pods first, and Services after the rollout'],
      ['--no-token', 'no random token for hooks, /drain and /resume'],
      ['--strict', 'print nothing if any workload cannot be injected'],
      ['--remove', 'remove lastcall and restore what inject changed'],
      ['--help', 'show this help'],
    ],
    notes: [
      'Annotations of a workload or its pods override the command line: lastcall.dev/inject: "false" leaves it unchanged, ' +
        'lastcall.dev/config: --app=127.0.0.1:8000 --settle=5s and lastcall.dev/container: NAME set its own options.',
      'Options of lastcall (lastcall --help) become options of the sidecar. inject finds the port of the app in Services ' +
        'and containerPorts; --app 127.0.0.1:PORT overrides it. LASTCALL_ variables are ignored here.',
      'If the app can be configured to listen on loopback, lastcall gets its port on the addresses of the pod, and Services ' +
        'do not change. Otherwise lastcall gets a free port: 8080, or 18080 and up.',
      'Exit codes: 0 done; 1 refused (--strict); 2 invalid usage or unreadable input; 3 done, except for the ' +
        'workloads listed.',
    ],
  },
  check: {
    line: 'find settings in Kubernetes manifests that lose requests when a pod stops',
    more:
      'Checks manifests with or without lastcall. Each finding says where it is, what it does to requests, and how to fix ' +
      'it. check sees only its input, so include Services, PodDisruptionBudgets and autoscalers.',
    usage:
      '  lastcall check [FILE|FOLDER]... [options]\n' +
      '  lastcall check -R k8s/\n' +
      '  kustomize build . | lastcall check',
    rows: [
      ...SOURCE_ROWS,
      [
        '-o FORMAT',
        'text, json, yaml, sarif, junit, or github (workflow commands that mark the lines) [text]',
      ],
      ['--only RULE,...', 'only these rules'],
      ['--ignore RULE,...', 'all rules except these'],
      ['--fail-on SEVERITY', 'exit with code 1 from this severity on: error or warning [error]'],
      [
        '--explain RULE,...',
        'explain what these rules mean for requests and how to fix them; checks nothing',
      ],
      ['--help', 'show this help'],
    ],
    notes: [
      'The annotation lastcall.dev/ignore: RULE,RULE of an object silences rules for it. docs/rules.md lists all rules.',
      'Exit codes: 0 no findings or only warnings; 1 errors found; 2 invalid usage, unreadable input, or nothing to check.',
    ],
  },
}

/** `lastcall inject --help`, `lastcall check --help`. */
export function manifestHelp(command: ManifestCommand): string {
  const { line, more, usage, rows, notes } = MANIFEST_HELP[command]
  return [
    [`lastcall ${command}: ${line}.`, '', ...wrap(more, WIDTH)].join('\n'),
    `Usage:\n${usage}`,
    `Options:\n${table(rows, 20)}`,
    ...notes.map((note) => wrap(note, WIDTH).join('\n')),
  ].join('\n\n')
}

/** The README's table of options, in Markdown. */
export function markdownTable(): string {
  const rows: string[] = []
  for (const group of GROUPS) {
    rows.push(`| **${group}** | | |`)
    for (const option of optionsOf(group))
      rows.push(`| ${code(usageOf(option))} | ${shownDefault(option)} | ${cell(option.help)} |`)
  }
  return ['| flag | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

function optionsOf(group: string): Option<unknown>[] {
  return Object.values(OPTIONS).filter((option) => option.group === group)
}

function usageOf(option: Option<unknown>): string {
  return `--${option.flag} ${option.kind.placeholder}`
}

function shownDefault({ initial }: Option<unknown>): string {
  return initial.kind === 'text' ? code(initial.text) : cell(initial.says)
}

function helpRow(option: Option<unknown>): Row {
  return [usageOf(option), `${option.help} [${initialText(option.initial)}]`]
}

function code(text: string): string {
  return `\`${cell(text)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`)
}
