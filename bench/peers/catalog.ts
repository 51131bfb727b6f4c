/** Everybody that lastcall is measured against, in the order of the tables. Tuning is in the files beside this one. */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../child.ts'
import { haproxyCommand, nginxCommand } from './commands.ts'
import { DIRECT, type Lacks, type Located, type Launch, type Peer, type Places } from './peer.ts'
import { configure } from './template.ts'

const LASTCALL = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const node = `Node ${process.version}`

const direct: Peer = {
  name: DIRECT,
  about: 'no proxy: the ceiling of app and load generator',
  locate: () => ({ kind: 'found', version: '', launch: () => ({ command: ['true'] }) }),
}

const lastcall = ownProgram('lastcall', 'dist/cli.js with its defaults', [])
const portable: Peer = {
  ...ownProgram('portable', 'dist/cli.js --relay=portable: without what Node does not document', [
    '--relay=portable',
  ]),
  onlyNamed: true,
}

const haproxy = debian('haproxy', 'peers/haproxy.cfg: 1 thread', ['-v'], (program, places) => ({
  command: haproxyCommand(program, places),
  http2: places.http2,
}))

const nginx = debian('nginx', 'peers/nginx.conf: 1 worker', ['-v'], (program, places) => ({
  command: nginxCommand(program, places),
  http2: places.http2,
}))

const caddy = debian('caddy', 'peers/Caddyfile: GOMAXPROCS=1', ['version'], (program, places) => ({
  command: [program, 'run', '--adapter', 'caddyfile', '--config', configure('Caddyfile', places)],
  env: { GOMAXPROCS: '1', HOME: places.folder, XDG_DATA_HOME: places.folder, XDG_CONFIG_HOME: places.folder },
  http2: places.http2,
}))

const pipe = script(
  'pipe',
  "Node's bare pipe between two sockets: the floor of this runtime",
  'pipe.ts',
  () => node,
)
const viaHttpProxy = script(
  'http-proxy',
  'peers/http-proxy.ts: keep-alive agent, xfwd',
  'http-proxy.ts',
  () => `${versionOf('http-proxy')}, ${node}`,
  { 'HTTP/2': 'HTTP/1.1 only', gRPC: 'HTTP/1.1 only' },
)
const viaUndici = script(
  'undici',
  'peers/undici.ts: node:http and an undici Pool',
  'undici.ts',
  () => `${versionOf('undici')}, ${node}`,
  {
    WebSocket: 'its server part takes no upgrade',
    'HTTP/2': 'its server part is HTTP/1.1',
    gRPC: 'its server part is HTTP/1.1',
  },
)

const envoy = byPath('envoy', 'peers/envoy.yaml: --concurrency 1', (program, places) => ({
  command: [program, '-c', configure('envoy.yaml', places), '--concurrency', '1', '--log-level', 'error'],
}))

/** The variables of pkg/queue/sharedmain: no limit of concurrency, no metrics, no request log. */
const queueProxy = byPath(
  'queue-proxy',
  "Knative's sidecar: no concurrency limit, no logs",
  (program, places) => ({
    command: [program],
    env: {
      GOMAXPROCS: '1',
      CONTAINER_CONCURRENCY: '0',
      QUEUE_SERVING_PORT: String(places.listen),
      QUEUE_SERVING_TLS_PORT: String(places.admin),
      USER_PORT: String(places.app),
      REVISION_TIMEOUT_SECONDS: '600',
      SERVING_NAMESPACE: 'bench',
      SERVING_SERVICE: 'bench',
      SERVING_CONFIGURATION: 'bench',
      SERVING_REVISION: 'bench',
      SERVING_POD: 'bench',
      SERVING_POD_IP: '127.0.0.1',
      SERVING_LOGGING_CONFIG: '',
      SERVING_LOGGING_LEVEL: 'error',
      SERVING_REQUEST_LOG_TEMPLATE: '',
      SERVING_ENABLE_REQUEST_LOG: 'false',
      SERVING_ENABLE_PROBE_REQUEST_LOG: 'false',
      SERVING_READINESS_PROBE: `{"tcpSocket":{"port":${places.app},"host":"127.0.0.1"},"successThreshold":1}`,
      SYSTEM_NAMESPACE: 'knative-serving',
    },
  }),
)

/** It needs its control plane to forward anything: what is given is a program that starts it with one. */
const linkerd = byPath(
  'linkerd2-proxy',
  'started by the program given: PROGRAM LISTEN ADMIN APP',
  (program, places) => ({
    command: [program, String(places.listen), String(places.admin), String(places.app)],
    env: { LINKERD2_PROXY_CORES: '1', LINKERD2_PROXY_LOG: 'error' },
  }),
)

export const PEERS: readonly Peer[] = [
  direct,
  lastcall,
  portable,
  haproxy,
  nginx,
  caddy,
  viaHttpProxy,
  viaUndici,
  pipe,
  envoy,
  linkerd,
  queueProxy,
]

/** Peers that are looked for only where the command line says. */
export const BY_PATH = ['envoy', 'linkerd2-proxy', 'queue-proxy'] as const

function ownProgram(name: string, about: string, flags: readonly string[]): Peer {
  return {
    name,
    about,
    locate: () => {
      if (!existsSync(LASTCALL)) return missing('not built: npm run build')
      const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
      const { version } = JSON.parse(manifest) as { version: string }
      return found(`${version}, ${node}`, ({ listen, admin, app }) => ({
        command: [
          process.execPath,
          LASTCALL,
          '--listen',
          `127.0.0.1:${listen}`,
          '--admin',
          `127.0.0.1:${admin}`,
          '--app',
          `127.0.0.1:${app}`,
          ...flags,
        ],
      }))
    },
  }
}

function found(version: string, launch: (places: Places) => Launch): Located {
  return { kind: 'found', version, launch }
}

function missing(why: string): Located {
  return { kind: 'missing', why }
}

/** A program that Debian has a package of: in PATH, or where the command line says. */
function debian(
  name: string,
  about: string,
  askVersion: readonly string[],
  launch: (program: string, places: Places) => Launch,
): Peer {
  return {
    name,
    about,
    locate: (paths) => {
      const program = paths.get(name) ?? findProgram(name)
      if (program === undefined) return missing(`not installed: apt-get install ${name}`)
      const { stdout, stderr } = spawnSync(program, askVersion, { encoding: 'utf8' })
      const version = /\d+\.\d+\.\d+\S*/.exec(`${stdout}${stderr}`)?.[0] ?? 'version unknown'
      return found(version, (places) => launch(program, places))
    },
  }
}

function byPath(name: string, about: string, launch: (program: string, places: Places) => Launch): Peer {
  return {
    name,
    about,
    locate: (paths) => {
      const program = paths.get(name)
      if (program === undefined) return missing(`no --${name} PATH given`)
      if (!existsSync(program)) return missing(`${program} is not there`)
      return found(firstLine(program), (places) => launch(program, places))
    },
  }
}

function firstLine(program: string): string {
  try {
    return (
      execFileSync(program, ['--version'], { encoding: 'utf8', timeout: 5000 }).trim().split('\n')[0] ?? ''
    )
  } catch {
    return 'version unknown'
  }
}

/** A program of this folder, run by the same Node as everything else. */
function script(name: string, about: string, file: string, version: () => string, lacks: Lacks = {}): Peer {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return {
    name,
    about,
    lacks,
    locate: () =>
      found(version(), ({ listen, app }) => ({
        command: [process.execPath, path, String(listen), String(app)],
      })),
  }
}

function versionOf(module: string): string {
  const load = createRequire(import.meta.url)
  const manifest = JSON.parse(readFileSync(load.resolve(`${module}/package.json`), 'utf8')) as {
    version: string
  }
  return manifest.version
}
