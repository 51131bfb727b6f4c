/**
 * The arrows are a test: who may import whom, what is pure, where each dependency lives, how long a file gets.
 * A failure names the arrow. The rules are data at the top; the last test shows that they can fail.
 */
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { readSource, readSources, type Source } from './fixtures/sources.ts'

type Sources = ReadonlyMap<string, Source>

/**
 * Which folder or file may take values from which; within a folder all may. Types may come from anywhere, except into
 * http1 and config, which can be carried away whole. `main.ts` joins
 * everything and so is not here; `view.ts` is its half that looks.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'clock.ts': [],
  'descriptors.ts': [],
  'memory-limit.ts': [],
  'connection-limit.ts': ['descriptors.ts'],
  'limit-keeper.ts': [
    'clock.ts',
    'connection-limit.ts',
    'descriptors.ts',
    'memory-limit.ts',
    'once-a-second.ts',
  ],
  'self-connection.ts': [],
  'door.ts': ['admin/listen.ts'],
  'once-a-second.ts': ['clock.ts'],
  'termination-log.ts': [],
  http1: [],
  http2: [],
  'heap.ts': [],
  config: ['lifecycle/budget.ts'],
  'log.ts': ['config'],
  websocket: [],
  relay: ['http1', 'http2', 'websocket', 'config', 'clock.ts', 'self-connection.ts'],
  lifecycle: ['config', 'clock.ts'],
  health: ['config', 'clock.ts', 'self-connection.ts'],
  admin: ['config', 'clock.ts', 'relay/counters.ts'],
  metrics: ['config', 'relay/counters.ts', 'lifecycle/state.ts', 'admin/refusals.ts'],
  cli: ['config', 'relay/counters.ts', 'rehearsal'],
  'view.ts': ['admin', 'lifecycle', 'metrics/catalog.ts', 'relay', 'health', 'clock.ts', 'config'],
  manifest: ['config'],
  'signals.ts': [],
  'cli.ts': ['signals.ts', 'command-line.ts'],
  'command-line.ts': ['signals.ts', 'cli', 'config', 'main.ts', 'manifest/command.ts'],
  'docs.ts': ['cli', 'lifecycle/picture.ts', 'manifest/rules-page.ts'],
  demo: [],
  rehearsal: ['demo'],
}
const SELF_CONTAINED = new Set(['http1', 'websocket', 'config'])
/** Closed lists of words that belong to nobody: their types may go everywhere. */
const WORDS = new Set(['relay/counters.ts'])

/** In these folders a file is pure unless it is named here as the shell: only that may touch the world. */
const PURE_FOLDERS = [
  'http1',
  'http2',
  'websocket',
  'config',
  'lifecycle',
  'relay',
  'health',
  'admin',
  'metrics',
]
const SHELL = [
  'lifecycle/runner.ts',
  'relay/gates.ts',
  'relay/native.ts',
  'relay/proof.ts',
  'relay/port.ts',
  'relay/app-connection.ts',
  'relay/turn-away.ts',
  'relay/pair.ts',
  'relay/dialer.ts',
  'relay/relay.ts',
  'relay/spread.ts',
  'health/check.ts',
  'health/checker.ts',
  'health/dial.ts',
  'health/watch.ts',
  'admin/http.ts',
  'admin/listen.ts',
  'admin/roster.ts',
  'admin/server.ts',
  'metrics/metrics.ts',
  'metrics/process.ts',
  'manifest/command.ts',
]
/** What computes without touching the world, of Node and of others. */
const PURE_MODULES = new Set(['node:buffer', 'node:crypto', 'node:util', 'yaml'])
const WORLD =
  /\b(?:setTimeout|setInterval|setImmediate|fetch)\(|\b(?:process|console|performance)\.|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(/

/** Each production dependency, and the only places for it. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  pino: ['log.ts'],
  'prom-client': ['metrics'],
  undici: ['health', 'cli', 'demo', 'rehearsal'],
  yaml: ['manifest/yaml.ts'],
}

const LONG = 250
const TOO_LONG = 400

const sources = readSources(fileURLToPath(new URL('../src/', import.meta.url)))

void tap.test('arrows run one way', async (t) => t.same(forbiddenArrows(sources), []))
void tap.test('there are no cycles', async (t) => {
  for (const ring of cycles(sources, true)) t.comment(`types in a ring: ${ring}`)
  t.same(cycles(sources), [])
})
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
void tap.test('the running proxy loads nothing that is for manifests', async (t) => {
  const loaded = loadedWith('main.ts', sources)
  t.ok(loaded.has('relay/relay.ts'))
  t.same(
    [...loaded, ...loadedWith('command-line.ts', sources)].filter(
      (path) => path === 'yaml' || path.startsWith('manifest/'),
    ),
    [],
  )
})
void tap.test('nothing is loaded before signals are caught', async (t) => {
  t.same([...loadedWith('cli.ts', sources)], ['cli.ts', 'signals.ts', 'node:os'])
})
void tap.test('files are short, and say what they are', async (t) => {
  for (const { path, lines } of sources.values())
    if (lines > LONG) t.comment(`above ${LONG} lines: ${path} (${lines})`)
  t.same(manners(sources), [])
})

void tap.test('each of these rules can fail', async (t) => {
  const tree = new Map(
    Object.entries({
      'http1/a.ts':
        "/** . */\nimport type { B } from '../relay/b.ts'\nimport type { Protocol } from '../relay/counters.ts'\n",
      'relay/b.ts':
        "/** . */\nimport { x } from '../health/judge.ts'\nimport { type C } from '../admin/c.ts'\nimport net from 'node:net'\n",
      'relay/counters.ts': '/** setTimeout( */\nsetTimeout(() => {}, 1) // Date.now()\n',
      'relay/pair.ts':
        "/** . */\nimport { a } from './port.ts'\nimport pad from 'left-pad'\nexport * from './b.ts'\n",
      'relay/port.ts': "/** . */\nimport { P } from './pair.ts'\nimport { pino } from 'pino'\n",
      'health/judge.ts':
        "/** . */\nimport { a } from './dial.ts'\nconst text = 'console.log'\nsocket._handle.fd\n",
      'health/dial.ts': '/** . */\nexport default 1\n',
      'utils.ts': `const x = 1\n${'\n'.repeat(TOO_LONG)}`,
    }).map(([path, text]) => [path, readSource(path, text)]),
  )
  t.same(forbiddenArrows(tree), [
    'http1/a.ts -> relay/b.ts (http1 may import nothing; types neither)',
    'relay/b.ts -> health/judge.ts (relay may import http1, http2, websocket, config, clock.ts, self-connection.ts)',
    'utils.ts: no rule says what it may import; add it to ARROWS',
  ])
  t.same(cycles(tree), ['relay/pair.ts -> relay/port.ts -> relay/pair.ts'])
  t.same(impurities(tree), [
    'relay/b.ts -> node:net (a pure file touches the world; or is it shell?)',
    'relay/counters.ts: setTimeout( (a pure file touches the world; or is it shell?)',
    'health/judge.ts -> health/dial.ts (a pure file needs the shell)',
  ])
  t.same(insideNode(tree), [
    'health/judge.ts: ._handle (only relay/native.ts may use what is not documented)',
  ])
  t.same(strayDependencies(tree), [
    'relay/pair.ts -> left-pad (not a production dependency)',
    'relay/port.ts -> pino (belongs to log.ts)',
  ])
  t.same(manners(tree), [
    'relay/pair.ts: passes on what is not its own (export ... from)',
    'health/dial.ts: a default export',
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

/** The row of ARROWS that speaks for a file: its own, or its folder's. */
function areaOf(path: string): string {
  return Object.hasOwn(ARROWS, path) || !path.includes('/') ? path : path.slice(0, path.indexOf('/'))
}

function lies(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`))
}

function forbiddenArrows(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, imports } of tree.values()) {
    const area = areaOf(path)
    if (area === 'main.ts') continue
    const allowed = ARROWS[area]
    if (allowed === undefined) {
      found.push(`${path}: no rule says what it may import; add it to ARROWS`)
      continue
    }
    const strict = SELF_CONTAINED.has(area)
    for (const { to, kind, typeOnly } of imports) {
      if (kind === 'package' || areaOf(to) === area || lies(to, allowed)) continue
      if (typeOnly && (!strict || WORDS.has(to))) continue
      const may = `${area} may import ${allowed.join(', ') || 'nothing'}${strict ? '; types neither' : ''}`
      found.push(`${path} -> ${to} (${may})`)
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

function isPure(path: string): boolean {
  return lies(path, PURE_FOLDERS) && !SHELL.includes(path)
}

/** Where a property is used whose name begins with an underscore: by convention none of ours does. */
function insideNode(tree: Sources): string[] {
  const found: string[] = []
  for (const { path, code } of tree.values()) {
    const used = /\._[A-Za-z]\w*/.exec(code)
    if (used !== null && path !== 'relay/native.ts')
      found.push(`${path}: ${used[0]} (only relay/native.ts may use what is not documented)`)
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
