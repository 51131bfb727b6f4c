/**
 * `npm run mutate -- [--at-once N] [FILES]`: mutation testing with Stryker of the files of plan.ts, or of these. Stryker is fetched by npx at
 * its first use: it is too much for a dependency of every checkout. Prints the figures of each file. Exit code 1 where a
 * mutant lives that survivors.ts does not list, or one that it lists has died. Takes seconds for each mutant: give it
 * one file, or an evening.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { flagsOf, readRun, wholeFlag } from '../fixtures/run-flags.ts'
import { type Figures, judge, type Report } from './judge.ts'
import { type Portion, portionsOf } from './plan.ts'
import { SURVIVORS } from './survivors.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const VERSION = '9.6.1'
/** Of the fuzzers and the exploration: what they find, they find soon. */
const EFFORT = '0.1'

const { atOnce, portions } = readRun('npm run mutate -- [--at-once N] [FILE...]', () => {
  const { values, positionals } = flagsOf(['at-once'], [], true)
  return { atOnce: wholeFlag('at-once', values['at-once'], 1, 1), portions: portionsOf(positionals) }
})
const folder = mkdtempSync(join(tmpdir(), 'lastcall-mutation-'))
const figures: Figures[] = []
try {
  for (const portion of portions) {
    const found = judge(mutated(portion), SURVIVORS)
    figures.push(...found.figures)
    for (const survivor of found.unlisted) tell('lives, and is not listed', survivor)
    for (const survivor of found.stale) tell('is listed, and does not live any more', survivor)
  }
  console.table(figures)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Stryker's report of one portion. Throws where it could not run. */
function mutated({ files, tests }: Portion): Report {
  const report = join(folder, 'report.json')
  const config = join(folder, 'stryker.json')
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: 'in-process',
      lastcall: { tests },
      warnings: { unknownOptions: false },
      coverageAnalysis: 'perTest',
      mutate: files,
      plugins: ['runner', 'texts'].map((name) => join(ROOT, `test/mutation/${name}.ts`)),
      ignorers: ['texts'],
      // Types are stripped, not checked; what no compiler is asked for needs no configuration.
      tsconfigFile: 'none.json',
      concurrency: atOnce,
      timeoutMS: 3000,
      timeoutFactor: 1.5,
      tempDirName: join(folder, 'sandbox'),
      reporters: ['progress-append-only', 'json'],
      jsonReporter: { fileName: report },
    }),
  )
  const { status } = spawnSync(
    'npx',
    ['--yes', `--package=@stryker-mutator/core@${VERSION}`, '--', 'stryker', 'run', config],
    {
      cwd: ROOT,
      env: { ...process.env, TEST_EFFORT: EFFORT },
      stdio: 'inherit',
    },
  )
  if (status !== 0) throw new Error(`stryker ended with ${status}`)
  return JSON.parse(readFileSync(report, 'utf8')) as Report
}

function tell(what: string, survivor: object): void {
  console.log(`${what}:\n${JSON.stringify(survivor, undefined, 2)}`)
  process.exitCode = 1
}
