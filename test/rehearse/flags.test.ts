/** The command line of `lastcall rehearse`: what is read, what is handed to the sidecars, what is refused. */
import tap from 'tap'
import { readRehearse } from '../../src/cli/rehearse-flags.ts'
import { type RehearseRequest, withPorts } from '../../src/tools/rehearsal/request.ts'
import { QUARTER } from '../../src/tools/rehearsal/rolling.ts'

function read(...argv: string[]): RehearseRequest {
  const outcome = readRehearse(argv)
  if (outcome.kind === 'problems') throw new Error(outcome.problems.join('\n'))
  return outcome.request
}

function problems(...argv: string[]): string {
  const outcome = readRehearse(argv)
  return outcome.kind === 'problems' ? outcome.problems.join('\n') : ''
}

void tap.test('everything after -- is the command, including its own flags', async (t) => {
  t.match(read('--', 'node', 'app.js', '--path', '--', '{port}'), {
    command: ['node', 'app.js', '--path', '--', '{port}'],
    path: '/',
    post: undefined,
    replicas: 3,
    rollouts: 1,
    mode: 'native',
    sleepsMs: [],
    graceMs: 30_000,
    json: false,
    flags: [],
  })
})

void tap.test('options of the proxy are handed on; the grace period is the pods’', async (t) => {
  const request = read(
    '--settle=1s',
    '--grace-period',
    '20s',
    '--json',
    '--compare',
    'sleep:5s,sleep:500ms',
    '--',
    'x',
  )
  t.match(request, { flags: ['--settle', '1s'], graceMs: 20_000, json: true, sleepsMs: [5000, 500] })
})

void tap.test('a health URL is asked of each replica, on its own port', async (t) => {
  const request = read('--health', 'http://127.0.0.1:{port}/ready?x=1', '--', 'x')
  t.equal(request.healthPath, '/ready?x=1')
  t.same(
    request.flags.map((flag) => withPorts(flag, 4711, [])),
    ['--health', 'http://127.0.0.1:4711/ready?x=1'],
  )
  t.match(
    problems('--health', 'http://127.0.0.1:3001/ready', '--', 'x'),
    /every replica has its own port; use a URL such as http:/,
  )
})

void tap.test('how a rollout goes: a quarter unless told otherwise, as in Kubernetes', async (t) => {
  t.same(read('--', 'x').rolling, QUARTER)
  t.same(read('--max-surge', '3', '--max-unavailable=0%', '--', 'x').rolling, {
    maxSurge: { value: 3, unit: 'pods' },
    maxUnavailable: { value: 0, unit: 'percent' },
  })
  t.match(
    problems('--max-surge', 'a', '--', 'x'),
    /--max-surge a: must be a number of pods such as 2, or a percentage such as 25%/,
  )
  t.match(problems('--max-surge', '-1', '--', 'x'), /--max-surge/)
  t.match(problems('--max-unavailable', '101%', '--', 'x'), /--max-unavailable 101%: must be at most 100%/)
  t.match(problems('--max-surge=0', '--max-unavailable=0%', '--', 'x'), /both 0: nothing could be replaced/)
})

void tap.test('each error is reported', async (t) => {
  t.match(problems(), /^COMMAND is missing/)
  t.match(problems('--path', '/'), /^COMMAND is missing/)
  t.match(problems('--'), /^COMMAND is missing/)
  t.match(problems('node', 'app.js'), /"node": not expected here.*\n.*"app\.js".*\nCOMMAND is missing/)
  t.match(problems('--pth', '/', '--', 'x'), /--pth: unknown flag; did you mean --path\?/)
  t.match(problems('--path', 'items', '--', 'x'), /--path items: must begin with a slash/)
  t.match(problems('--app', '127.0.0.1:3000', '--', 'x'), /--app: rehearse sets this itself; remove it/)
  t.match(problems('--compare', 'sleep:30s', '--', 'x'), /the kubelet would kill the app during the sleep/)
  t.match(problems('--compare', 'exec', '--', 'x'), /such as sleep:15s/)
  t.match(problems('--replicas', '0', '--', 'x'), /--replicas 0/)
  t.match(problems('--replicas', '101', '--', 'x'), /at most 100/)
  t.match(problems('--mode', 'job', '--', 'x'), /must be native or plain/)
  t.match(problems('--html', 'a', '--svg', 'a', '--', 'x'), /--html a: --svg names the same file/)
  t.match(problems('--settle', '60s', '--', 'x'), /grace-period/, 'sums that the proxy would refuse')
  t.match(problems('--settle', '3', '--lag', '2', '--', 'x').split('\n').length, 2, 'all of them at once')
})

void tap.test('--port: other ports of the app, which rehearse chooses', async (t) => {
  t.same(read('--port', '{port2}', '--port={port3},protocol=tcp', '--', 'x').others, ['auto', 'tcp'])
  t.same(read('--', 'x').others, [])
  t.match(problems('--port', '8080=3000', '--', 'x'), /rehearse chooses the ports; use --port \{port2\}/)
  t.match(problems('--port', '{port3}', '--', 'x'), /rehearse chooses the ports; use --port \{port2\}/)
  t.equal(withPorts('{port} {port2} {port3} {port9}', 1, [2, 3]), '1 2 3 {port9}')
})
