/**
 * `kubectl lastcall add` and `remove` as processes, with what kubectl said in sessions with a real cluster (Kubernetes
 * 1.20.2; trimmed): test/cluster/recorded.
 */
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import tap from 'tap'
import { folder } from '../fixtures/folder.ts'
import { lastcallPlugin, plugin, RecordedKubectl, session } from '../fixtures/kubectl.ts'
import { until } from '../fixtures/until.ts'

const ADD = ['add', 'deploy/web', '--image', 'lastcall:chaos']

/** The calls that change something. */
function changes(kubectl: RecordedKubectl): string[] {
  const made = kubectl.calls.filter(({ args }) => /^(patch|delete)/.test(args) && !args.includes('--dry-run'))
  return made.map(({ args }) => args.split(' ').slice(0, 2).join(' '))
}

void tap.test('add: the pods, then the Service; a line for each pod as it goes on', async (t) => {
  const kubectl = new RecordedKubectl(t, session('add'))
  const { code, out, err } = await lastcallPlugin(kubectl, ADD)
  t.equal(code, 0, err)
  t.same(changes(kubectl), ['patch deployment.apps/web', 'patch service/web'])
  const lines = out.split('\n')
  t.match(lines[0], 'Deployment web: adding lastcall, in 2 steps')
  t.match(lines[1], 'step 1 of 2: the pods of Deployment web')
  for (const says of [
    /without lastcall {2}ready$/,
    /without lastcall {2}stopping$/,
    /with lastcall {5}starting$/,
    /with lastcall {5}ready$/,
  ])
    t.ok(
      lines.some((line) => says.test(line)),
      String(says),
    )
  t.match(lines.at(-3), 'step 2 of 2: Service web')
  t.match(lines.at(-2), 'Deployment web has lastcall in all of its pods')
})

void tap.test('remove: the Service, then the pods', async (t) => {
  const kubectl = new RecordedKubectl(t, session('remove'))
  const { code, out, err } = await lastcallPlugin(kubectl, ['remove', 'deploy/web', '-o', 'json'])
  t.equal(code, 0, err)
  t.same(changes(kubectl), ['patch service/web', 'patch deployment.apps/web'])
  t.match(JSON.parse(out), {
    kind: 'Deployment',
    name: 'web',
    namespace: 'shop',
    result: 'removed',
    steps: [{ changed: ['Service web'] }, { changed: ['the pods of Deployment web'] }],
  })
  t.match(
    err,
    /step 1 of 2: Service web\nstep 2 of 2: the pods of Deployment web\n/,
    'progress is on standard error',
  )
})

void tap.test(
  'Ctrl-C while pods are replaced: no Service is changed, and the state is printed',
  async (t) => {
    const kubectl = new RecordedKubectl(t, session('add'))
    const child = plugin(kubectl, ADD)
    createInterface({ input: child.stdout! }).on('line', (line) => {
      // Everything in the foreground gets it, kubectl too.
      if (/with lastcall {5}starting/.test(line)) process.kill(-child.pid!, 'SIGINT')
    })
    const [err, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')])
    t.equal(code, 130)
    t.same(changes(kubectl), ['patch deployment.apps/web'])
    t.match(
      err,
      /\nInterrupted\.\nDeployment web .* lastcall in its template; of its 3 ready pods, \d ha(s|ve) it/,
    )
    t.match(
      err,
      /\nTo continue: kubectl lastcall add deploy\/web --image lastcall:chaos\nTo undo:     kubectl lastcall remove deploy\/web\n$/,
    )
  },
)

void tap.test('a second Ctrl-C in the middle of a patch: the file with the patch is gone', async (t) => {
  const patching = /^patch (?!.*--dry-run)/
  const kubectl = new RecordedKubectl(t, [{ args: patching, out: '', stays: true }, ...session('add')])
  const temporary = folder(t)
  const child = plugin(kubectl, ADD, { TMPDIR: temporary })
  child.stdin!.end()
  const ended = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')])
  const patch = await until(
    'the patch is on its way',
    () => kubectl.calls.find(({ args }) => patching.test(args)),
    60_000,
  )
  const file = /--patch-file=(\S+)/.exec(patch.args)![1]!
  t.equal(statSync(file).mode & 0o777, 0o600, 'nobody else can read it')
  t.ok(file.startsWith(temporary))
  child.kill('SIGINT')
  // The first Ctrl-C waits for the patch: it is told from the second by being taken first.
  await until('it has ended', () => {
    if (child.exitCode === null) child.kill('SIGINT')
    return child.exitCode !== null
  })
  const [, , [code]] = await ended
  t.equal(code, 130)
  t.same(readdirSync(temporary), [], 'nothing is left')
})

void tap.test('no kubectl, and a cluster that does not answer', async (t) => {
  const none = await lastcallPlugin({ command: '/nowhere/kubectl' }, ADD)
  t.match(none, { code: 1, out: '', err: '/nowhere/kubectl: not found\nInstall kubectl' })
  const refused =
    'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n'
  const kubectl = new RecordedKubectl(t, [{ args: /./, err: refused }])
  t.match(await lastcallPlugin(kubectl, ADD), {
    code: 1,
    err: `${refused}Check the cluster and the context (kubectl`,
  })
})

void tap.test('what is wrong with the command line is said before anybody asks the cluster', async (t) => {
  const kubectl = new RecordedKubectl(t, [])
  const { code, err } = await lastcallPlugin(kubectl, [
    'add',
    'web',
    '--timeout',
    '5',
    '--mode',
    'both',
    '--settle',
    'x',
  ])
  t.equal(code, 2)
  t.match(err, 'web: must be TYPE/NAME, such as deploy/web')
  const more = await lastcallPlugin(kubectl, [
    'add',
    'deploy/web',
    '--timeout',
    '5',
    '--mode',
    'both',
    '--settle',
    'x',
  ])
  for (const says of ['--timeout 5: add a unit: 5s', '--mode both: must be native or plain', '--settle x: '])
    t.match(more.err, says)
  t.match(await lastcallPlugin(kubectl, ['remove', 'deploy/web', '--settle', '3s']), {
    code: 2,
    err: '--settle: unknown flag',
  })
  t.same(kubectl.calls, [])
})
