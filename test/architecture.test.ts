/**
 * The arrows are a test: who may import whom, what is pure, where each dependency lives, how long a file gets.
 * A failure names the arrow. The rules are data at the top; the last test shows that they can fail.
 */
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { readSource, readSources, type Source } from './fixtures/sources.ts'

type Sources = ReadonlyMap<string, Source>

/**
 * The rooms, and which may import from which; within a room every file may. Types count like values: no room has a ring.
 * A room is the longest prefix of a file's path. `proxy/main.ts` joins everything that runs in the pod and so is not
 * here; `proxy/view.ts` is its half that looks, `proxy/orders.ts` the one that does.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'words.ts': [],
  // Bytes in, verdicts out: knows nobody.
  'protocol/http1': ['words.ts'],
  'protocol/http2': [],
  'protocol/websocket': [],
  // What runs in every pod.
  'proxy/config': ['proxy/lifecycle/budget.ts'],
  'proxy/process': [],
  'proxy/sockets': ['proxy/config', 'proxy/process'],
  'proxy/conversation': ['protocol', 'words.ts'],
  'proxy/relay': [
    'protocol',
    'proxy/config',
    'proxy/conversation',
    'proxy/process',
    'proxy/sockets',
    'words.ts',
  ],
  'proxy/lifecycle': ['proxy/process/clock.ts', 'proxy/process/linger.ts'],
  'proxy/health': [
    'proxy/config',
    'proxy/process/clock.ts',
    'proxy/sockets/dial-error.ts',
    'proxy/sockets/self-connection.ts',
  ],
  'proxy/admin': ['proxy/config', 'proxy/process', 'words.ts'],
  'proxy/metrics': [
    'proxy/relay/counters.ts',
    'proxy/lifecycle/saved.ts',
    'proxy/lifecycle/state.ts',
    'proxy/admin/refusals.ts',
    'words.ts',
  ],
  'proxy/admin-port.ts': [
    'proxy/admin',
    'proxy/config',
    'proxy/listeners.ts',
    'proxy/lifecycle',
    'proxy/metrics/metrics.ts',
    'proxy/process',
    'proxy/relay',
    'proxy/view.ts',
  ],
  'proxy/listeners.ts': ['proxy/admin/listen.ts', 'proxy/config', 'proxy/process', 'proxy/relay'],
  'proxy/native-way.ts': ['proxy/config', 'proxy/process', 'proxy/sockets'],
  'proxy/orders.ts': [
    'proxy/admin/status.ts',
    'proxy/config',
    'proxy/listeners.ts',
    'proxy/health',
    'proxy/lifecycle',
    'proxy/process',
    'proxy/relay',
    'proxy/view.ts',
  ],
  'proxy/view.ts': [
    'proxy/admin',
    'proxy/config',
    'proxy/listeners.ts',
    'proxy/health',
    'proxy/lifecycle',
    'proxy/metrics/source.ts',
    'proxy/process',
    'proxy/relay',
  ],
  // The commands: `drain`, `resume` and `status` are in the image, the tools are not.
  'cli.ts': ['cli', 'proxy/process/signals.ts'],
  cli: [
    'proxy/admin/status.ts',
    'proxy/config',
    'proxy/main.ts',
    'proxy/process/signals.ts',
    'tools/manifest/command.ts',
    'tools/rehearsal',
    'words.ts',
  ],
  'tools/manifest': ['proxy/config'],
  // The plugin of kubectl: a program of its own.
  'kubectl.ts': ['cli/flushed.ts', 'cli/node-version.ts', 'tools/cluster'],
  'tools/cluster': ['cli/columns.ts', 'proxy/config', 'tools/manifest'],
  'tools/rehearsal': [],
  // What runs in the browser: types only.
  page: ['proxy/admin/live.ts'],
}
/** Joins everything: may import what it likes, and only the commands import it. */
const JOINS_ALL = 'proxy/main.ts'

/** In these folders a file is pure unless it is named here as the shell: only that may touch the world. */
const PURE_FOLDERS = [
  'words.ts',
  'protocol',
  'proxy/config',
  'proxy/conversation',
  'proxy/lifecycle',
  'proxy/relay',
  'proxy/sockets',
  'proxy/health',
  'proxy/admin',
  'proxy/metrics',
  'proxy/process/linger.ts',
  'proxy/process/once-a-second.ts',
]
const SHELL = [
  'proxy/admin/call-log.ts',
  'proxy/admin/http.ts',
  'proxy/admin/listen.ts',
  'proxy/admin/connection-list.ts',
  'proxy/admin/once-a-turn.ts',
  'proxy/admin/server.ts',
  'proxy/health/check.ts',
  'proxy/health/checker.ts',
  'proxy/health/dial.ts',
  'proxy/health/checkers.ts',
  'proxy/health/watches.ts',
  'proxy/health/watch.ts',
  'proxy/lifecycle/runner.ts',
  'proxy/metrics/metrics.ts',
  'proxy/metrics/process.ts',
  'proxy/relay/app-connection.ts',
  'proxy/relay/clients.ts',
  'proxy/relay/dialer.ts',
  'proxy/relay/pair.ts',
  'proxy/relay/relay.ts',
  'proxy/relay/served-port.ts',
  'proxy/relay/spread.ts',
  'proxy/relay/turn-away.ts',
  'proxy/sockets/burst.ts',
  'proxy/sockets/gates.ts',
  'proxy/sockets/native.ts',
  'proxy/sockets/port.ts',
  'proxy/sockets/proof.ts',
  'tools/manifest/command.ts',
]
/** What computes without touching the world, of Node and of others. */
const PURE_MODULES = new Set(['node:buffer', 'node:crypto', 'node:util', 'yaml'])
const WORLD =
  /\b(?:setTimeout|setInterval|setImmediate|fetch)\(|\b(?:process|console|performance)\.|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/

/** Each production dependency, and the only places for it. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  pino: ['proxy/process/log.ts'],
  'prom-client': ['proxy/metrics'],
  undici: ['proxy/health', 'cli', 'tools/rehearsal'],
  yaml: ['tools/manifest/yaml.ts'],
}

const LONG = 250
const TOO_LONG = 400

const sources = readSources(fileURLToPath(new URL('../src/', import.meta.url)))

void tap.test('arrows run one way', async (t) => t.same(forbiddenArrows(sources), []))
void tap.test('there are no rings, not even of types', async (t) => t.same(cycles(sources, true), []))
void tap.test('no room has a ring', async (t) => t.same(roomRings(sources), []))
void tap.test('pure files stay pure', async (t) => t.same(impurities(sources), []))
void tap.test('what Node does not document is used in one file', async (t) => t.same(insideNode(sources), []))
void tap.test('the shell is what it says', async (t) => {
  t.same(
    SHELL.filter((path) => !sources.has(path)),
    [],
    'files that are gone',
  )
})
void tap.test('dependencies stay where they belong', async (t) => t.same(strayDependencies(sources), []))
void tap.test('what runs in the pod loads nothing of the tools', async (t) => {
  const loaded = loadedWith('proxy/main.ts', sources)
  t.ok(loaded.has('proxy/relay/relay.ts'))
  t.same(
    [...loaded, ...loadedWith('cli.ts', sources), ...loadedWith('cli/command-line.ts', sources)].filter(
      (path) => path === 'yaml' || path.startsWith('tools/'),
    ),
    [],
  )
})
void tap.test('the page and its stream are loaded by those who ask for them', async (t) => {
  const loaded = loadedWith('proxy/main.ts', sources)
  t.ok(loaded.has('proxy/admin/server.ts'))
  const lazy = ['page', 'stream', 'viewers', 'live'].map((name) => `proxy/admin/${name}.ts`)
  t.same(
    lazy.filter((path) => !sources.has(path) || loaded.has(path)),
    [],
  )
})
void tap.test('files are short, and say what they are', async (t) => {
  for (const { path, lines } of sources.values())
    if (lines > LONG) t.comment(`above ${LONG} lines: ${path} (${lines})`)
  t.same(manners(sources), [])
})

void tap.test('each of these rules can fail', async (t) => {
  const tree = new Map(
    Object.entries({
      'protocol/http1/a.ts': "/** . */\nimport type { B } from '../../proxy/relay/b.ts'\n",
      'proxy/relay/b.ts':
        "/** . */\nimport { x } from '../health/judge.ts'\nimport { type C } from '../admin/c.ts'\nimport net from 'node:net'\n",
      'proxy/relay/counters.ts': '/** setTimeout( */\nsetTimeout(() => {}, 1) // Date.now()\n',
      'proxy/relay/pair.ts':
        "/** . */\nimport type { A } from './relay.ts'\nimport pad from 'left-pad'\nexport * from './b.ts'\n",
      'proxy/relay/relay.ts': "/** . */\nimport { P } from './pair.ts'\nimport { pino } from 'pino'\n",
      'proxy/health/judge.ts': "/** . */\nimport { a } from './dial.ts'\nconst text = 'console.log'\n",
      'proxy/health/dial.ts': '/** . */\nexport default 1\n',
      'utils.ts': `const x = 1\n${'\n'.repeat(TOO_LONG)}`,
    }).map(([path, text]) => [path, readSource(path, text)]),
  )
  t.same(forbiddenArrows(tree), [
    'protocol/http1/a.ts -> proxy/relay/b.ts (protocol/http1 may import words.ts)',
    `proxy/relay/b.ts -> proxy/health/judge.ts (proxy/relay may import ${ARROWS['proxy/relay']!.join(', ')})`,
    `proxy/relay/b.ts -> proxy/admin/c.ts (proxy/relay may import ${ARROWS['proxy/relay']!.join(', ')})`,
    'utils.ts: no rule says what it may import; add it to ARROWS',
  ])
  t.same(cycles(tree), [])
  t.same(cycles(tree, true), ['proxy/relay/pair.ts -> proxy/relay/relay.ts -> proxy/relay/pair.ts'])
  t.same(impurities(tree), [
    'proxy/relay/b.ts -> node:net (a pure file touches the world; or is it shell?)',
    'proxy/relay/counters.ts: setTimeout( (a pure file touches the world; or is it shell?)',
    'proxy/health/judge.ts -> proxy/health/dial.ts (a pure file needs the shell)',
  ])
  t.same(strayDependencies(tree), [
    'proxy/relay/pair.ts -> left-pad (not a production dependency)',
    'proxy/relay/relay.ts -> pino (belongs to proxy/process/log.ts)',
  ])
  t.same(manners(tree), [
    'proxy/relay/pair.ts: passes on what is not its own (export ... from)',
    'proxy/health/dial.ts: a default export',
    `utils.ts: ${TOO_LONG + 1} lines, at most ${TOO_LONG}`,
    'utils.ts: does not begin with a comment that says what it is',
    'utils.ts: a name that says nothing',
  ])
})

/** All files and packages that come with a file when the program runs, as long as no lazy arrow is taken. */
function loadedWith(path: string, tree: Sources, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded
  loaded.add(path)
  for (const { to, lazy, typeOnly } of tree.get(path)?.imports ?? [])
    if (!lazy && !typeOnly) loadedWith(to, tree, loaded)
  return loaded
}

/** The row of ARROWS that speaks for a file: the longest prefix of its path. */
function areaOf(path: string): string {
  const rows = Object.keys(ARROWS).filter((row) => lies(path, [row]))
  return rows.reduce((best, row) => (row.length > best.length ? row : best), '') || path
}

function lies(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`))
}

function forbiddenArrows(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, imports } of tree.values()) {
    if (path === JOINS_ALL) continue
    const area = areaOf(path)
    const allowed = ARROWS[area]
    if (allowed === undefined) {
      found.push(`${path}: no rule says what it may import; add it to ARROWS`)
      continue
    }
    for (const { to, kind } of imports) {
      if (kind === 'package' || areaOf(to) === area || lies(to, allowed)) continue
      found.push(`${path} -> ${to} (${area} may import ${allowed.join(', ') || 'nothing'})`)
    }
  }
  return found
}

/** Every ring of files once; with `types`, those too that vanish when the program runs. */
function cycles(tree: Sources, types = false): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) found.push([...trail.slice(start), path].join(' -> '))
    if (start >= 0 || done.has(path)) return
    for (const { to, kind, lazy, typeOnly } of tree.get(path)?.imports ?? [])
      if (kind === 'file' && !lazy && (types || !typeOnly)) walk(to, [...trail, path])
    done.add(path)
  }
  for (const path of tree.keys()) walk(path, [])
  return found
}

/** Rooms that lead back to themselves over others. */
function roomRings(tree: Sources): string[] {
  const arrows = new Map<string, Set<string>>()
  for (const { path, imports } of tree.values()) {
    const from = areaOf(path)
    const to = arrows.get(from) ?? new Set()
    for (const { to: target, kind } of imports)
      if (kind === 'file' && areaOf(target) !== from) to.add(areaOf(target))
    arrows.set(from, to)
  }
  const reaches = (from: string, seen = new Set<string>()): Set<string> => {
    for (const next of arrows.get(from) ?? []) if (!seen.has(next)) reaches(next, seen.add(next))
    return seen
  }
  return [...arrows.keys()].filter((room) => reaches(room).has(room))
}

function isPure(path: string): boolean {
  return lies(path, PURE_FOLDERS) && !SHELL.includes(path)
}

/** Where a property is used whose name begins with an underscore: by convention none of ours does. */
function insideNode(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, code } of tree.values()) {
    const used = /\._[A-Za-z]\w*/.exec(code)
    if (used !== null && path !== 'proxy/sockets/native.ts')
      found.push(`${path}: ${used[0]} (only proxy/sockets/native.ts may use what is not documented)`)
  }
  return found
}

function impurities(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, code, imports } of tree.values()) {
    if (!isPure(path)) continue
    const touched = WORLD.exec(code)
    if (touched !== null)
      found.push(`${path}: ${touched[0]} (a pure file touches the world; or is it shell?)`)
    for (const { to, kind, typeOnly } of imports) {
      if (typeOnly || (kind === 'package' && PURE_MODULES.has(to))) continue
      if (kind === 'package') found.push(`${path} -> ${to} (a pure file touches the world; or is it shell?)`)
      else if (!isPure(to)) found.push(`${path} -> ${to} (a pure file needs the shell)`)
    }
  }
  return found
}

function strayDependencies(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, imports } of tree.values())
    for (const { to, kind, typeOnly } of imports) {
      if (kind === 'file' || to.startsWith('node:') || typeOnly) continue
      const places = Object.hasOwn(DEPENDENCIES, to) ? DEPENDENCIES[to] : undefined
      if (places === undefined) found.push(`${path} -> ${to} (not a production dependency)`)
      else if (!lies(path, places)) found.push(`${path} -> ${to} (belongs to ${places.join(', ')})`)
    }
  return found
}

function manners(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, code, text, lines } of tree.values()) {
    if (lines > TOO_LONG) found.push(`${path}: ${lines} lines, at most ${TOO_LONG}`)
    if (!/^(#!.*\n)?\/(\*\*|\/)/.test(text))
      found.push(`${path}: does not begin with a comment that says what it is`)
    if (/^export default\b/m.test(code)) found.push(`${path}: a default export`)
    if (/^export (type )?(\*|\{[^}]*\}) (as \w+ )?from\b/m.test(code))
      found.push(`${path}: passes on what is not its own (export ... from)`)
    if (/(^|\/)(utils?|helpers?|common|misc|index)(\.ts|\/)/.test(path))
      found.push(`${path}: a name that says nothing`)
  }
  return found
}
