/** Each rule of lastcall check has a manifest that breaks it and nothing else, and says what is expected of it. */
import { readdirSync } from 'node:fs'
import tap from 'tap'
import { RULES } from '../../src/tools/manifest/rules/table.ts'
import { found, foundWithout, injected, K8S, manifest } from '../fixtures/manifest.ts'

void tap.test('every rule has its broken manifest, and every one of those its rule', async (t) => {
  const ids = RULES.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length)
  const files = readdirSync(new URL('broken/', K8S)).map((name) => name.replace('.yaml', ''))
  t.same(files.toSorted(), ids.toSorted())
})

for (const { id, title } of RULES) {
  void tap.test(`${id}: ${title}`, async (t) => {
    const text = manifest(`broken/${id}.yaml`)
    const [, line, severity, rule, saw] =
      /^# Expected: line (\d+), (\w+), (\S+)\n# {3}(.*)$/m.exec(text) ?? []
    const all = id === 'no-token' ? foundWithout([], text) : found(text)
    t.same(
      all.map((one) => ({ line: one.line, severity: one.severity, rule: one.rule, message: one.message })),
      [{ line: Number(line), severity, rule, message: `${title}: ${saw}` }],
      'this finding, and no other',
    )
    t.equal(rule, id)
    t.ok(all[0]?.requests && all[0].fix)
    const silenced = text.replace(
      new RegExp(
        `(kind: ${all[0]?.object.split('/')[0]}\\nmetadata:\\n {2}name: web\\n)(  annotations:\\n)?`,
      ),
      `$1  annotations:\n    lastcall.dev/ignore: hook-host, ${id}\n`,
    )
    if (!text.includes('    alb.ingress') && id !== 'ignore-unknown')
      t.same(
        id === 'no-token' ? foundWithout([], silenced) : found(silenced),
        [],
        'the object itself can silence it',
      )
  })
}

void tap.test('rules say something of manifests that lastcall is not in', async (t) => {
  const bare = manifest('examples/nginx.before.yaml')
  t.same(
    found(bare).map(({ rule }) => rule),
    ['nothing-drains'],
  )
  t.same(
    found(bare.replace(/ {10}readinessProbe:.*?(?= {10}livenessProbe)/s, '')).map(({ rule }) => rule),
    ['readiness-missing', 'nothing-drains'],
  )
  const worker = bare.replace(/^---[\s\S]*/m, '').replace(/ {10}ports:.*/s, '')
  t.same(found(worker), [], 'a worker that nobody sends requests to is left in peace')
})

void tap.test('what is given in several files is judged together', async (t) => {
  const [deployment = '', service = '', budget = ''] = manifest('examples/nginx.yaml').split('---\n')
  t.same(
    found(deployment, service).map(({ rule }) => rule),
    ['no-disruption-budget'],
  )
  t.same(found(deployment, service, budget), [])
  const elsewhere = budget.replace('metadata:', 'metadata:\n  namespace: other')
  const here = deployment.replace('metadata:', 'metadata:\n  namespace: here')
  t.same(
    found(here, service, elsewhere).map(({ rule }) => rule),
    ['no-disruption-budget'],
    'another namespace is another world',
  )
})

void tap.test('options in variables count like flags', async (t) => {
  const text = injected(manifest('examples/nginx.before.yaml'))
  const env = (name: string, value: string) =>
    text
      .replace(`            - --grace-period=40s\n`, '')
      .replace(
        '          args:',
        `          env:\n            - { name: ${name}, value: ${value} }\n          args:`,
      )
  t.same(found(env('LASTCALL_GRACE_PERIOD', '40s')), [])
  t.match(found(env('LASTCALL_GRACE_PERIOD', '30s')), [{ rule: 'grace-period-differs' }])
  t.match(found(env('LASTCALL_GRACE', '30s')), [
    { rule: 'sidecar-options', message: /LASTCALL_GRACE: unknown/ },
  ])
})
