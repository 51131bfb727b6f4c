/** The user's own kubectl as a process: what it says, how it fails, what a watch prints. */
import tap from 'tap'
import { failureOf, reasonOf } from '../../src/tools/cluster/kubectl.ts'
import { ownKubectl } from '../../src/tools/cluster/own-kubectl.ts'
import { RecordedKubectl } from '../fixtures/kubectl.ts'

void tap.test('arguments, flags and standard input reach kubectl as they are', async (t) => {
  const recorded = new RecordedKubectl(t, [
    { args: /^get/, out: { kind: 'List' } },
    { args: /^patch/, out: 'ok' },
  ])
  const kubectl = ownKubectl(recorded.command, ['--namespace=a b'])
  t.same(await kubectl.json(['get', 'pods']), { kind: 'List' })
  t.equal(await kubectl.run(['patch', '-f', '-'], { input: '{}', shielded: true }), 'ok')
  t.same(recorded.calls, [
    { args: 'get pods -o json --namespace=a b', input: '' },
    { args: 'patch -f - --namespace=a b', input: '{}' },
  ])
})

void tap.test("what kubectl says of a failure comes through in kubectl's words", async (t) => {
  const recorded = new RecordedKubectl(t, [
    {
      args: /^get/,
      err: 'Warning: old\nError from server (NotFound): deployments.apps "web" not found\n',
    },
  ])
  const error: unknown = await ownKubectl(recorded.command, [])
    .run(['get'])
    .catch((one: unknown) => one)
  t.match(error, { message: 'Error from server (NotFound): deployments.apps "web" not found' })
  t.equal(reasonOf(error), 'not-found')
})

function of(stderr: string) {
  return { reason: reasonOf(failureOf(stderr)), says: failureOf(stderr).message }
}

void tap.test('each kind of failure is known, and says what to do where kubectl does not', async (t) => {
  t.match(of('Error from server (NotFound): namespaces "x" not found'), {
    reason: 'no-namespace',
    says: /Name an existing namespace with -n/,
  })
  t.match(of('Error from server (Forbidden): deployments.apps "web" is forbidden: User "me" cannot get'), {
    reason: 'forbidden',
    says: /cannot get\nAsk the administrator of the cluster/,
  })
  t.match(
    of('The connection to the server localhost:8080 was refused - did you specify the right host or port?'),
    {
      reason: 'no-connection',
      says: /kubectl config current-context/,
    },
  )
  t.match(of('Unable to connect to the server: dial tcp: lookup x: no such host'), {
    reason: 'no-connection',
  })
  t.match(of('Error from server (Conflict): Operation cannot be fulfilled on ...'), { reason: 'conflict' })
  t.match(of('error: context "x" does not exist'), {
    reason: 'other',
    says: 'error: context "x" does not exist',
  })
})

void tap.test('no kubectl', async (t) => {
  const error: unknown = await ownKubectl('/nowhere/kubectl', [])
    .run(['get'])
    .catch((one: unknown) => one)
  t.equal(reasonOf(error), 'no-kubectl')
  t.match(error, { message: /\/nowhere\/kubectl: not found\nInstall kubectl .*, or set KUBECTL to its path/ })
})

void tap.test('a watch: each document as it comes, until the signal', async (t) => {
  const recorded = new RecordedKubectl(t, [
    { args: /--watch/, out: '{\n    "a": 1\n}\n{"b":2}\n', stays: true },
    { args: /fails/, err: 'error: no\n' },
  ])
  const kubectl = ownKubectl(recorded.command, [])
  const stop = new AbortController()
  const seen: unknown[] = []
  for await (const one of kubectl.follow(['get', '--watch'], stop.signal)) {
    seen.push(one)
    if (seen.length === 2) stop.abort()
  }
  t.same(seen, [{ a: 1 }, { b: 2 }])
  await t.rejects(
    async () => {
      for await (const one of kubectl.follow(['fails'], new AbortController().signal)) t.fail(String(one))
    },
    { message: 'error: no' },
  )
})

void tap.test('of what a pod sends, only the end is kept where so much is asked for', async (t) => {
  const out = `${'x'.repeat(3_000_000)}end`
  const kubectl = ownKubectl(new RecordedKubectl(t, [{ args: /^logs/, out }]).command, [])
  const kept = await kubectl.run(['logs'], { last: 1000 })
  t.ok(kept.length >= 1000 && kept.length <= 2000, String(kept.length))
  t.ok(kept.endsWith('xend'))
  t.equal(await kubectl.run(['logs']), out)
})
