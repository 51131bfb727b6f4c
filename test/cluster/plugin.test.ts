/** `kubectl-lastcall` as a program: its help, its version, what it says to whoever asks for what there is not. */
import { once } from 'node:events'
import tap from 'tap'
import { deploymentObject, podObject, SETTLED } from '../fixtures/scripted-cluster.ts'
import { lastcallPlugin, plugin, RecordedKubectl } from '../fixtures/kubectl.ts'

void tap.test('help, version, and a command that does not exist', async (t) => {
  const kubectl = new RecordedKubectl(t, [])
  const help = await lastcallPlugin(kubectl, ['--help'])
  t.equal(help.code, 0)
  t.match(help.out, /Usage:\n {2}kubectl lastcall COMMAND \[TYPE\/NAME\] \[options\]/)
  t.ok(
    help.out.split('\n').every((line) => line.length <= 100),
    'fits 100 columns',
  )
  t.equal((await lastcallPlugin(kubectl, [])).code, 2)
  t.match(await lastcallPlugin(kubectl, ['--version']), { code: 0, out: /^\d+\.\d+\.\d+/ })
  t.match(await lastcallPlugin(kubectl, ['nothing']), { code: 2, err: /nothing: no such command/ })
  t.same(kubectl.calls, [], 'nobody asked the cluster')
})

void tap.test('a reader that leaves is no error', async (t) => {
  const child = plugin(new RecordedKubectl(t, []), ['--help'])
  child.stdout!.destroy()
  t.same(await once(child, 'exit'), [0, null])
})

void tap.test('a long result is written as a whole before the program ends', async (t) => {
  const items = Array.from({ length: 3000 }, (_, i) =>
    podObject(`web-${i}`, { lastcall: { waiting: { reason: 'CrashLoopBackOff' } } }),
  )
  const kubectl = new RecordedKubectl(t, [
    { args: /^api-resources/, out: 'pods\n' },
    { args: /^get pods/, out: { kind: 'List', items } },
  ])
  const { code, out } = await lastcallPlugin(kubectl, ['status', '-o', 'json'])
  t.equal(code, 0)
  t.ok(out.length > 500_000, String(out.length))
  t.equal((JSON.parse(out) as { pods: unknown[] }).pods.length, 3000)
})

void tap.test('a watch that nobody reads any more ends: kubectl lastcall watch | head', async (t) => {
  const kubectl = new RecordedKubectl(t, [
    { args: /--watch/, out: { type: 'ADDED', object: deploymentObject(1, SETTLED) }, stays: true },
    { args: /^get deploy/, out: deploymentObject(1, SETTLED) },
    { args: /^get pods/, out: { kind: 'List', items: [] } },
  ])
  const child = plugin(kubectl, ['watch', 'deploy/web'])
  child.stdout!.destroy()
  t.same(await once(child, 'exit'), [0, null])
})
