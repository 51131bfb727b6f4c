/** The whole configuration: defaults, who wins, and that every mistake is told, at once and by its source. */
import * as fc from 'fast-check'
import tap from 'tap'
import { variableOf } from '../../src/proxy/config/option.ts'
import { OPTIONS } from '../../src/proxy/config/options.ts'
import { readConfig, type Env } from '../../src/proxy/config/parse.ts'
import type { Config } from '../../src/proxy/config/config.ts'
import { holds } from '../fixtures/property.ts'

void tap.test('without a word, the defaults of the table, with the budget worked out', async (t) => {
  t.match(config([]), {
    listen: { host: undefined, port: 8080 },
    app: { kind: 'tcp', host: '127.0.0.1', port: 3000 },
    gracePeriodMs: 30_000,
    lameDuckMaxMs: 11_000,
    idleTimeoutMs: 620_000,
    maxHeadBytes: 32_768,
    health: { kind: 'tcp' },
    healthHeaders: [],
    hookAllow: [],
    token: undefined,
  })
  t.same(
    Object.keys(config([])).toSorted(),
    Object.keys(OPTIONS).toSorted(),
    'every option, and nothing else',
  )
})

void tap.test('flags are written with a space or an equals sign, and beat variables', async (t) => {
  t.equal(config(['--settle', '1s']).settleMs, 1000)
  t.equal(config(['--settle=1s']).settleMs, 1000)
  t.equal(config([], { LASTCALL_SETTLE: '4s' }).settleMs, 4000)
  t.equal(config(['--settle=1s'], { LASTCALL_SETTLE: '4s' }).settleMs, 1000)
  t.equal(config(['--health=http://127.0.0.1:3001/ready?a=b']).health.kind, 'http', 'only the first = counts')
  t.same(config(['--health', 'tcp://127.0.0.1:3001']).health, {
    kind: 'tcp',
    address: { kind: 'tcp', host: '127.0.0.1', port: 3001 },
  })
  t.same(
    config(['--health=http://127.0.0.1:1/', '--health-header=Host: a.example:80; X-Probe: b;c ; X-Empty:'])
      .healthHeaders,
    [
      ['Host', 'a.example:80'],
      ['X-Probe', 'b;c'],
      ['X-Empty', ''],
    ],
    'a semicolon within a value stays',
  )
  t.match(config(['--lame-duck-max', '4s']), { lameDuckMaxMs: 4000 })
  t.match(config(['--hook-allow', '10.0.0.0/8, ::1']).hookAllow, [{ text: '10.0.0.0/8' }, { text: '::1' }])
})

void tap.test('--relay: native unless told otherwise, and nothing but the two', async (t) => {
  t.equal(config([]).relay, 'native')
  t.equal(config(['--relay', 'portable']).relay, 'portable')
  t.equal(config([], { LASTCALL_RELAY: 'portable' }).relay, 'portable')
  t.equal(config(['--relay=native'], { LASTCALL_RELAY: 'portable' }).relay, 'native')
  t.same(mistakes(['--relay=portabel']), [
    '--relay portabel: must be native or portable; did you mean portable?',
  ])
  t.match(mistakes([], { LASTCALL_RELAY: 'off' }), [/^LASTCALL_RELAY=off: must be native or portable/])
})

void tap.test('all errors are reported together, each with its source', async (t) => {
  const problems = mistakes(
    ['--settle', '3', '--grce-period=1m', '--max-head', '1B', '--readiness-on-drain=kep', 'foo'],
    {
      LASTCALL_QUIET: '2',
      LASTCALL_LISTN: ':1',
      LASTCALL_HEALTH_FAILURES: '0',
    },
  )
  t.same(problems.toSorted(), [
    '"foo": not expected here; options begin with --',
    '--grce-period: unknown flag; did you mean --grace-period?',
    '--max-head 1B: too small; at least 1KiB',
    '--readiness-on-drain kep: must be fail or keep; did you mean keep?',
    '--settle 3: add a unit: 3s or 3ms',
    'LASTCALL_HEALTH_FAILURES=0: too small; at least 1',
    'LASTCALL_LISTN: unknown variable; did you mean LASTCALL_LISTEN?',
    'LASTCALL_QUIET=2: add a unit: 2s or 2ms',
  ])
})

void tap.test('a flag given twice, without its value, or with one dash is an error', async (t) => {
  t.same(mistakes(['--settle=1s', '--settle', '2s']), ['--settle: given more than once; keep one'])
  t.same(mistakes(['--settle', '--quiet=1s']), ['--settle: needs a value'])
  t.same(mistakes(['--settle'], { LASTCALL_SETTLE: '1s' }), ['--settle: needs a value'])
  t.same(mistakes(['--settle=']), ['--settle: is empty; give it a value (DURATION) or leave it out'])
  t.match(mistakes(['-v']), ['-v: no such flag; flags begin with two dashes'])
  t.match(mistakes(['--']), [/^--:/])
  t.match(mistakes(['--constructor=1']), [/^--constructor: unknown flag/])
})

void tap.test('times that do not fit are reported together with the other errors', async (t) => {
  const problems = mistakes(['--grace-period', '6s', '--settle', '3s', '--log-level', 'loud'])
  t.equal(problems.length, 2)
  t.match(problems, [
    /^--log-level loud: must be fatal, .* or silent$/,
    /--settle 3s and --quiet 2s do not fit/,
  ])
})

void tap.test('options that contradict each other are refused', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--admin', ':8080'], /--listen and --admin: both are port 8080/],
    [['--app', 'localhost:8080'], /--app localhost:8080: this is --listen, which is lastcall itself/],
    [['--app', '127.0.0.1:9099'], /this is --admin, which is lastcall itself/],
    [['--health', 'http://127.0.0.1:9099/readyz'], /--health http:.*: this is --admin/],
    [['--health', 'http://[::1]:8080/'], /this is --listen/],
    [['--health', 'tcp://127.0.0.1:8080'], /--health tcp:\/\/127\.0\.0\.1:8080: this is --listen/],
    [['--health', 'tcp://:3001'], /the host is missing/],
    [['--health', 'udp'], /must be tcp, tcp:\/\/HOST:PORT or an http URL/],
    [['--health-header', 'Host: a'], /--health-header: --health.* tcp sends no request/],
    [['--health=http://127.0.0.1:1/', '--health-header', 'Host a'], /not a header field/],
    [['--health=http://127.0.0.1:1/', '--health-header', 'Transfer-Encoding: chunked'], /cannot be set/],
    [['--protocol', 'tcp', '--lb-health-path', '/lb'], /does not read requests/],
    [['--lb-health-path', 'lb'], /must begin with a slash/],
    [['--lb-health-path', '/lb?x'], /no query/],
    [['--max-head', '2MiB'], /at most 1MiB/],
    [['--health-interval', '0s'], /longer than 0/],
    [
      ['--hook-allow', '10.0.0.0/8,x,::/200'],
      /x is not a network.*; ::\/200 has no such prefix length; at most \/128/,
    ],
  ]
  for (const [argv, why] of cases) t.match(mistakes(argv), [why], argv.join(' '))
  t.ok(config(['--listen', '127.0.0.1:8080', '--admin', '127.0.0.2:8080']), 'other hosts, other doors')
  t.ok(config(['--listen', ':0', '--admin', ':0']), 'the kernel chooses two')
})

void tap.test('a token is never repeated, and an empty one is not the absence of one', async (t) => {
  t.match(mistakes(['--token', 'se cret']), ['--token: must be visible ASCII without spaces'])
  t.match(mistakes([], { LASTCALL_TOKEN: 'sécret' }), [
    'LASTCALL_TOKEN: must be visible ASCII without spaces',
  ])
  t.match(mistakes([], { LASTCALL_TOKEN: '' }), [/^LASTCALL_TOKEN: is empty/])
  t.equal(config(['--token=a-b_c.d=']).token, 'a-b_c.d=')
})

void tap.test("the kubelet's variables for a Service named lastcall are not ours", async (t) => {
  const links = {
    LASTCALL_SERVICE_HOST: '10.0.0.1',
    LASTCALL_SERVICE_PORT: '80',
    LASTCALL_SERVICE_PORT_HTTP: '80',
    LASTCALL_PORT: 'tcp://10.0.0.1:80',
    LASTCALL_PORT_80_TCP: 'tcp://10.0.0.1:80',
    LASTCALL_PORT_80_TCP_ADDR: '10.0.0.1',
    LASTCALL_DEMO_SERVICE_HOST: '10.0.0.1',
    LASTCALL_DEMO_PORT: 'tcp://10.0.0.1:80',
    LASTCALL_DEMO_PORT_80_TCP_PROTO: 'tcp',
  }
  t.ok(config([], links))
  t.match(mistakes([], { LASTCALL_PORT: '8080' }), [/^LASTCALL_PORT=8080: 8080: the app is missing;/])
  t.match(mistakes([], { LASTCALL_DEMO_PORT: '8080' }), [/^LASTCALL_DEMO_PORT: unknown variable/])
})

void tap.test('every default of the table is what its own kind reads, by flag and by variable', async (t) => {
  for (const { flag, initial } of Object.values(OPTIONS)) {
    if (initial.kind === 'absent') continue
    t.same(config([`--${flag}`, initial.text]), config([]), flag)
    t.same(config([], { [variableOf(flag)]: initial.text }), config([]), variableOf(flag))
  }
})

void tap.test('no command line and no environment make it throw', async (t) => {
  const flags = Object.values(OPTIONS).map(({ flag }) => `--${flag}`)
  const word = fc.oneof(fc.string(), fc.constantFrom(...flags, '1s', '32KiB', ':1', 'tcp', '--', '--settle='))
  const name = fc.oneof(
    fc.constantFrom(...Object.values(OPTIONS).map(({ flag }) => variableOf(flag))),
    fc.string(),
  )
  holds(
    t,
    'an outcome',
    fc.property(fc.array(word, { maxLength: 8 }), fc.dictionary(name, fc.string()), (argv, env) => {
      const outcome = readConfig(argv, env)
      return outcome.kind === 'config' || outcome.problems.length > 0
    }),
    2000,
  )
})

function config(argv: string[], env: Env = {}): Config {
  const outcome = readConfig(argv, env)
  if (outcome.kind === 'problems') throw new Error(outcome.problems.join('\n'))
  return outcome.config
}

function mistakes(argv: string[], env: Env = {}): string[] {
  const outcome = readConfig(argv, env)
  return outcome.kind === 'problems' ? outcome.problems : []
}
