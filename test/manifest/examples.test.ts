/** The examples of k8s/: inject makes them, check finds nothing in them, and --remove takes it all back. */
import { readdirSync } from 'node:fs'
import tap from 'tap'
import { examples, found, injected, K8S, manifest } from '../fixtures/manifest.ts'

const EXAMPLES = examples()

void tap.test('every example is made from something', async (t) => {
  const made = new Set(EXAMPLES.map(({ after }) => after))
  const there = [
    ...readdirSync(new URL('examples/', K8S))
      .filter((name) => name.endsWith('.yaml') && !name.endsWith('.before.yaml'))
      .map((name) => `examples/${name}`),
    'postgrest.yaml',
    'postgrest-plain.yaml',
  ]
  t.same([...made].toSorted(), there.toSorted())
})

for (const { before, after, argv } of EXAMPLES) {
  void tap.test(`${after} is what inject makes of ${before}`, async (t) => {
    const text = manifest(before)
    const golden = manifest(after)
    t.equal(injected(text, ...argv), golden)
    t.equal(injected(golden), golden, 'a second run changes nothing')
    t.equal(injected(golden, ...argv), golden, 'twice with the same options is once')
    t.same(found(golden), [], 'check finds nothing in it')
    t.equal(injected(golden, '--remove'), text, 'what --remove leaves is what was there, to the byte')
    t.equal(injected(text, '--remove'), text, 'where it is not, nothing is taken out')
  })
}

void tap.test('an example in the other form, and back, is the first again', async (t) => {
  const native = manifest('postgrest.yaml')
  const plain = manifest('postgrest-plain.yaml')
  t.equal(injected(native, '--mode', 'plain'), plain)
  t.equal(injected(plain, '--mode', 'native'), native)
})

const rules = (text: string) => found(text).map(({ rule }) => rule)

void tap.test('two ports: check sees each of them', async (t) => {
  const text = manifest('examples/two-ports.yaml')
  const lines = (from: string, to: string) => rules(text.replace(from, to))
  t.same(lines('containerPort: 50051', 'containerPort: 50052'), ['app-port-nowhere'])
  t.same(lines('targetPort: grpc', 'targetPort: 50051'), ['service-bypasses-sidecar'])
  t.same(lines('containerPort: 50051', 'containerPort: 18080').includes('port-taken'), true)
})
