/**
 * Stryker's test runner for tests that need no process of their own. All mutants run in one warm process; only a mutant of code
 * that runs when a module is loaded needs fresh modules. The tests that reach a mutant run one after the other, the
 * quickest first, until one fails.
 */
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { collect, type Collected } from './stand-in.ts'

/** What Stryker's instrumented code reads and writes. */
interface Switches {
  activeMutant?: string | undefined
  currentTestId?: string | undefined
  hitLimit?: number | undefined
  hitCount?: number | undefined
  mutantCoverage?: object
}

interface MutantRun {
  readonly activeMutant: { readonly id: string }
  readonly testFilter?: readonly string[]
  readonly hitLimit?: number
  /** Whether the mutant is reached when its module is loaded. */
  readonly reloadEnvironment: boolean
}

const switches: Switches = ((globalThis as { __stryker__?: Switches }).__stryker__ ??= {})
const TAP = new URL('tap.ts', import.meta.url).href
const HERE = new URL('.', import.meta.url).href
let round = 0

/** Loads the modules of the project, which Stryker has copied into its sandbox, anew in each round. */
function freshModules(root: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'tap') return { url: TAP, format: 'module-typescript', shortCircuit: true }
      const found = next(specifier, context)
      const ours =
        found.url.startsWith(root) && !found.url.includes('/node_modules/') && !found.url.startsWith(HERE)
      return ours ? { ...found, url: `${found.url}?round=${round}` } : found
    },
  })
}

class InProcess {
  static readonly inject = ['options'] as const
  readonly #files: readonly string[]
  readonly #took = new Map<string, number>()
  /** The tests of each file, and with them the modules, as they were loaded without a mutant. */
  readonly #loaded = new Map<string, readonly Collected[]>()

  constructor({ lastcall }: { readonly lastcall: { readonly tests: readonly string[] } }) {
    this.#files = lastcall.tests
  }

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: true }
  }

  async init(): Promise<void> {
    freshModules(pathToFileURL(`${process.cwd()}/`).href)
  }

  async dryRun(): Promise<object> {
    const tests = []
    round += 1
    for (const file of this.#files) {
      const found = await load(file)
      this.#loaded.set(file, found)
      if (found.length === 0)
        return { status: 'error', errorMessage: `${file} cannot be loaded, or has no tests` }
      for (const { id, run } of found) {
        switches.currentTestId = id
        const start = performance.now()
        const failureMessage = await outcome(run)
        const timeSpentMs = performance.now() - start
        this.#took.set(id, timeSpentMs)
        this.#took.set(file, (this.#took.get(file) ?? 0) + timeSpentMs)
        tests.push({
          id,
          name: id,
          timeSpentMs,
          status: failureMessage === undefined ? 0 : 1,
          failureMessage,
        })
      }
      switches.currentTestId = undefined
    }
    return { status: 'complete', tests, mutantCoverage: switches.mutantCoverage }
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, reloadEnvironment }: MutantRun): Promise<object> {
    Object.assign(switches, { activeMutant: activeMutant.id, hitLimit, hitCount: hitLimit && 0 })
    if (reloadEnvironment) round += 1
    try {
      return await this.#hunt(testFilter, reloadEnvironment)
    } finally {
      switches.activeMutant = undefined
    }
  }

  /** Without a filter all tests are run: those of a mutant of something that is made when its module is loaded. */
  async #hunt(wanted: readonly string[] | undefined, fresh: boolean): Promise<object> {
    let nrOfTests = 0
    for (const file of this.#quickest(this.#files)) {
      const named = wanted?.filter((id) => id.startsWith(`${file}: `))
      if (named?.length === 0) continue
      const found = fresh ? await load(file) : await this.#kept(file)
      const tests = new Map(found.map(({ id, run }) => [id, run]))
      if (tests.size === 0) tests.set(named?.[0] ?? file, missing)
      const ids = named ?? [...tests.keys()]
      for (const id of this.#quickest(ids)) {
        nrOfTests += 1
        const says = await outcome(tests.get(id) ?? missing)
        if ((switches.hitCount ?? 0) > (switches.hitLimit ?? Infinity)) return { status: 'timeout' }
        if (says !== undefined) return { status: 'killed', killedBy: [id], failureMessage: says, nrOfTests }
      }
    }
    return { status: 'survived', nrOfTests }
  }

  /** The tests of a file as they were first loaded. A process that replaces one that hung has loaded none yet. */
  async #kept(file: string): Promise<readonly Collected[]> {
    const kept = this.#loaded.get(file)
    if (kept !== undefined) return kept
    round += 1
    const found = await load(file)
    this.#loaded.set(file, found)
    return found
  }

  #quickest(names: readonly string[]): string[] {
    return names.toSorted((a, b) => (this.#took.get(a) ?? 0) - (this.#took.get(b) ?? 0))
  }
}

/** The tests of a file, with fresh modules if this round has not loaded them; none if it cannot be loaded. */
async function load(file: string): Promise<readonly Collected[]> {
  try {
    return await collect(file, () => import(pathToFileURL(join(process.cwd(), file)).href))
  } catch {
    return []
  }
}

async function missing(): Promise<void> {
  throw new Error('its file cannot be loaded')
}

/** What a test failed with, in its course or behind its back; undefined if it passed. */
async function outcome(run: () => Promise<void>): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  behind = (error) => resolve(String(error))
  void run().then(() => resolve(undefined), behind)
  return promise
}

/** Hears what a test throws behind its back; what is thrown when it is over must not end the process. */
let behind: (error: unknown) => void = () => undefined
process.on('uncaughtException', (error) => behind(error))

export const strykerPlugins = [{ kind: 'TestRunner', name: 'in-process', injectableClass: InProcess }]
