/** A mistake on the command line of a long run is told at once, as a sentence, and nothing is run. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import tap from 'tap'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const MISTAKES: readonly (readonly [run: string, args: readonly string[], says: RegExp])[] = [
  ['soak/run', ['--minuts', '1'], /^Unknown option '--minuts'/],
  ['soak/run', ['now'], /^Unexpected argument 'now'/],
  ['soak/run', ['--minutes'], /^Option '--minutes <value>' argument missing/],
  ['soak/run', ['--minutes', 'x'], /^--minutes x: give a number above 0/],
  ['soak/run', ['--seconds', '0'], /^--seconds 0: give a number above 0/],
  ['soak/run', ['--seed', '1.5'], /^--seed 1\.5: give a whole number/],
  ['soak/run', ['--relay', 'fast'], /^--relay fast: give one of native, portable/],
  ['soak/run', ['--svg', 'no/where.svg'], /^--svg no\/where\.svg: cannot be written: there is no folder no/],
  ['chaos/run', ['--seconds', 'ten'], /^--seconds ten: give a number above 0/],
  ['chaos/run', ['--relay', 'fast'], /^--relay fast: give one of native, portable/],
  ['chaos/run', ['--only', 'keepAlive,nobody'], /^--only nobody: give some of keepAlive, /],
  ['lifecycle/explore/run', ['--steps', 'many'], /^--steps many: give a whole number from 1 on/],
  ['lifecycle/explore/run', ['--wrong', 'x'], /^--wrong x: give one of\n {2}/],
  ['lifecycle/explore/run', ['--timeline', '.'], /^--timeline \.: cannot be written: it is a folder/],
  ['fuzz/run', ['http3'], /^http3: give one of http1, http2, websocket/],
  ['fuzz/run', ['http1', 'http2'], /^http1 http2: give one of http1, /],
  ['fuzz/run', ['--seeds', '9..1'], /^--seeds 9\.\.1: write it like 1\.\.100/],
  ['fuzz/run', ['--messages', '-5'], /^Option '--messages' argument is ambiguous/],
  ['mutation/run', ['--at-once', '0'], /^--at-once 0: give a whole number from 1 on/],
  ['mutation/run', ['src/cli.ts'], /^src\/cli\.ts: not mutated\. There are:/],
]

for (const [run, args, says] of MISTAKES)
  void tap.test(`${run} ${args.join(' ')}`, async (t) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`test/${run}.ts`, ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 60_000,
    })
    t.equal(status, 2, stderr)
    t.match(stderr, says)
    t.match(stderr, /\nusage: npm run [a-z]+ -- \[/)
    t.notMatch(stderr, /\n {4}at /, 'no stack')
    t.equal(stdout, '', 'nothing was run')
  })
