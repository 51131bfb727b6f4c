/**
 * What tests get for `tap` while mutants are run: it collects them, and its assertions throw at the first failure. The comparison is
 * tap's own. Starting a process for each file and mutant, as tap does, costs a hundred times more than the tests.
 */
import { match, same } from 'tcompare'

export interface Collected {
  readonly id: string
  readonly run: () => Promise<void>
}

type Body = (t: Assertions) => unknown
type Named = [name: string, body: Body] | [name: string, options: { skip?: unknown }, body: Body]

/** The part of tap that the tests of plan.ts use; another call is a TypeError, which the dry run shows. */
class Assertions {
  readonly #teardowns: (() => unknown)[] = []

  ok(value: unknown, says = 'should be truthy'): void {
    if (!value) throw new Error(says)
  }

  notOk(value: unknown, says = 'should be falsy'): void {
    if (value) throw new Error(says)
  }

  equal(found: unknown, wanted: unknown, says = 'should be equal'): void {
    if (!Object.is(found, wanted) && found !== wanted) throw new Error(says)
  }

  not(found: unknown, unwanted: unknown, says = 'should not be equal'): void {
    if (found === unwanted) throw new Error(says)
  }

  same(found: unknown, wanted: unknown, says?: string): void {
    const { match: fine, diff } = same(found, wanted)
    if (!fine) throw new Error(says ?? diff)
  }

  match(found: unknown, pattern: unknown, says?: string): void {
    const { match: fine, diff } = match(found, pattern)
    if (!fine) throw new Error(says ?? diff)
  }

  notMatch(found: unknown, pattern: unknown, says = 'should not match'): void {
    if (match(found, pattern).match) throw new Error(says)
  }

  doesNotThrow(call: () => unknown): void {
    call()
  }

  throws(call: () => unknown, wanted?: unknown): void {
    let thrown: unknown
    try {
      call()
    } catch (error) {
      thrown = error
    }
    if (thrown === undefined) throw new Error('should throw')
    if (wanted !== undefined && typeof wanted !== 'string') this.match(thrown, wanted)
  }

  async rejects(promised: Promise<unknown> | (() => Promise<unknown>), wanted?: unknown): Promise<void> {
    let thrown: unknown
    try {
      await (typeof promised === 'function' ? promised() : promised)
    } catch (error) {
      thrown = error
    }
    if (thrown === undefined) throw new Error('should reject')
    if (wanted !== undefined && typeof wanted !== 'string') this.match(thrown, wanted)
  }

  fail(says = 'failed'): void {
    throw new Error(says)
  }

  pass(): void {}

  comment(): void {}

  teardown(undo: () => unknown): void {
    this.#teardowns.unshift(undo)
  }

  async test(...[, ...rest]: Named): Promise<void> {
    await within(rest.at(-1) as Body)
  }

  async end(): Promise<void> {
    for (const undo of this.#teardowns) await undo()
  }
}

async function within(body: Body): Promise<void> {
  const t = new Assertions()
  try {
    await body(t)
  } finally {
    await t.end()
  }
}

let collected: Collected[] = []
let file = ''

/** Runs a test file so that its tests are collected, and returns them. */
export async function collect(name: string, load: () => Promise<unknown>): Promise<readonly Collected[]> {
  collected = []
  file = name
  await load()
  return collected
}

/** For `import tap from 'tap'`: tests are not run, but collected. */
export const tap = {
  async test(...args: Named): Promise<void> {
    const [name, options] = args
    if (typeof options === 'object' && Boolean(options.skip)) return
    collected.push({ id: `${file}: ${name}`, run: () => within(args.at(-1) as Body) })
  },
}
