/** ResourceQuotas and LimitRanges that would refuse the pods that inject makes: told, before the rollout hangs. */
import tap from 'tap'
import { injected, injection, manifest } from '../fixtures/manifest.ts'

const BEFORE = manifest('examples/nginx.before.yaml')
const quota = (hard: string, namespace = '') =>
  `---\nkind: ResourceQuota\nmetadata: { name: team${namespace} }\nspec: { hard: { ${hard} } }\n`
const range = (limit: string) =>
  `---\nkind: LimitRange\nmetadata: { name: small }\nspec: { limits: [{ type: Container, ${limit} }] }\n`

function told(...more: string[]): string[] {
  const result = injection([BEFORE, ...more].join(''))
  return result.kind === 'text' ? result.remarks.filter((one) => one.includes('refuse the new pods')) : ['?']
}

void tap.test('a quota on limits.cpu needs a limit, unless a LimitRange gives one', async (t) => {
  const needs = quota('limits.cpu: "4", limits.memory: 4Gi')
  t.match(told(needs), [
    /^Deployment nginx: ResourceQuota team requires a limit of cpu, and lastcall has none: the cluster would refuse/,
  ])
  t.same(told(needs, range('default: { cpu: 200m }')), [])
  t.same(told(quota('requests.cpu: "4", limits.memory: 4Gi, pods: 10')), [], 'what lastcall has is enough')
  t.same(told(quota('limits.cpu: "4"', ', namespace: other')).length, 1, 'the app says no namespace')
})

void tap.test('a LimitRange that lastcall does not fit into', async (t) => {
  t.match(told(range('max: { memory: 128Mi }')), [
    /LimitRange small allows less memory than lastcall's limit of 256Mi/,
  ])
  t.match(told(range('min: { cpu: 0.1, memory: 128Mi }')), [
    /requires more cpu than lastcall's request of 50m/,
    /requires more memory than lastcall's request of 96Mi/,
  ])
  for (const fine of [
    'max: { memory: 1Gi, cpu: 2 }',
    'min: { cpu: 50m, memory: 96Mi }',
    'max: { memory: lots }',
    'default: {}',
  ])
    t.same(told(range(fine)), [], fine)
})

void tap.test('resources changed by hand stay, and nothing is told of them', async (t) => {
  const tuned = injected(BEFORE + range('max: { memory: 128Mi }')).replace('memory: 256Mi', 'memory: 128Mi')
  t.equal(injected(tuned), tuned)
  const result = injection(tuned)
  t.same(result.kind === 'text' && result.remarks.filter((one) => one.includes('LimitRange')), [])
})
