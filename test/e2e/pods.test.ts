/** What kubectl's watches say becomes the stories of pods. Shapes as Kubernetes 1.20 and later print them. */
import tap from 'tap'
import { Documents } from '../../src/tools/cluster/documents.ts'
import type { Change } from './kubectl.ts'
import { Pods } from './pods.ts'

const DEADLINE = '2026-11-21T10:00:00Z'

function pod(type: Change['type'], name: string, uid: string, more: object = {}, deleted = false): Change {
  const metadata = { name, uid, ...(deleted ? { deletionTimestamp: DEADLINE } : {}) }
  return { type, object: { metadata, status: more } }
}

function endpointsOf(pods: readonly string[], ready: boolean): object[] {
  return pods.map((name) => ({ conditions: { ready }, targetRef: { kind: 'Pod', name } }))
}

function slice(name: string, ready: readonly string[], unready: readonly string[] = []): Change {
  const endpoints = [...endpointsOf(ready, true), ...endpointsOf(unready, false)]
  return { type: 'MODIFIED', object: { metadata: { name }, endpoints } }
}

function all(text: string): unknown[] {
  const documents = new Documents()
  return text.split('\n').flatMap((line) => documents.line(line) ?? [])
}

function ended(name: string, exitCode: number, message?: string): object {
  return { name, restartCount: 0, state: { terminated: { exitCode, message } } }
}

void tap.test('documents, one a line or indented', async (t) => {
  const value = { type: 'ADDED', object: { a: [{ b: '}' }], c: '{' } }
  t.same(all(`${JSON.stringify(value)}\n${JSON.stringify(value)}`), [value, value])
  t.same(all(`${JSON.stringify(value, undefined, 4)}\n${JSON.stringify(value, undefined, 4)}`), [
    value,
    value,
  ])
})

void tap.test('a pod that is deleted: deletion, last words, end', async (t) => {
  const pods = new Pods()
  const status = { conditions: [{ type: 'Ready', status: 'True' }] }
  pods.pod(pod('ADDED', 'a', '1', status), 100)
  t.match(pods.present, [{ name: 'a', ready: true, deletedAt: undefined }])
  pods.pod(pod('MODIFIED', 'a', '1', status, true), 200)
  pods.pod(pod('MODIFIED', 'a', '1', status, true), 250)
  const last = {
    initContainerStatuses: [ended('lastcall', 0, 'drained\n')],
    containerStatuses: [ended('app', 143)],
  }
  pods.pod(pod('MODIFIED', 'a', '1', last, true), 300)
  pods.pod(pod('DELETED', 'a', '1', last, true), 400)
  t.match(pods.stories.get('a'), {
    deletedAt: 200,
    goneAt: 400,
    ready: false,
    verdict: 'drained',
    exits: ['lastcall 0', 'app 143'],
  })
  t.same(pods.present, [])
})

void tap.test('an endpoint is gone when no slice has it as ready, and may come back', async (t) => {
  const pods = new Pods()
  for (const name of ['a', 'b']) pods.pod(pod('ADDED', name, name), 0)
  pods.slice(slice('s1', ['a']), 1)
  pods.slice(slice('s2', ['b']), 2)
  const gone = () => ['a', 'b'].map((name) => pods.stories.get(name)?.deregisteredAt)
  t.same(gone(), [undefined, undefined])
  pods.slice(slice('s1', [], ['a']), 10)
  pods.slice(slice('s1', []), 20)
  t.same(gone(), [10, undefined], 'the first time counts')
  pods.slice({ type: 'DELETED', object: { metadata: { name: 's2' } } }, 30)
  t.same(gone(), [10, 30])
  t.same(pods.empty, [{ from: 30, to: undefined }], 'nobody is left')
  pods.slice(slice('s1', ['a']), 40)
  t.same(gone(), [undefined, 30])
  pods.slice(slice('s1', ['a', 'b']), 50)
  t.same(pods.empty, [{ from: 30, to: 40 }])
})

void tap.test('another pod of the same name is another story', async (t) => {
  const pods = new Pods()
  pods.pod(pod('ADDED', 'a', '1', {}, true), 1)
  pods.pod(pod('ADDED', 'a', '2'), 2)
  t.match(pods.stories.get('a'), { uid: '2', deletedAt: undefined })
})

function onNode(ready: boolean, node?: string): Change {
  const { type, object } = pod('MODIFIED', 'a', '1', {
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  })
  return { type, object: { ...object, spec: node === undefined ? {} : { nodeName: node } } }
}

void tap.test('from the node to ready, for the first time', async (t) => {
  const pods = new Pods()
  pods.pod(onNode(false), 1000)
  pods.pod(onNode(false, 'n'), 1100)
  pods.pod(onNode(false, 'n'), 1500)
  pods.pod(onNode(true, 'n'), 2300)
  pods.pod(onNode(false, 'n'), 3000)
  pods.pod(onNode(true, 'n'), 4000)
  t.match(pods.stories.get('a'), { startedAt: 1100, firstReadyAt: 2300 })
  const late = new Pods()
  late.pod(onNode(true, 'n'), 1000)
  t.match(late.stories.get('a'), { startedAt: undefined, firstReadyAt: undefined }, 'nobody saw it start')
})
