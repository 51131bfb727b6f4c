/** Which requests a health prober sends, by its User-Agent (RFC 9110 §10.1.5). */
import tap from 'tap'
import { RequestHead } from '../../src/protocol/http1/request-head.ts'
import { parseRequestHead } from '../../src/protocol/http1/request-parser.ts'

void tap.test('a health prober is known by how its User-Agent begins', async (t) => {
  const isProbe = (...fields: readonly string[]) => {
    const bytes = Buffer.from(`${['GET / HTTP/1.1', 'Host: a', ...fields].join('\r\n')}\r\n\r\n`)
    const head = new RequestHead()
    head.probe = true
    t.equal(parseRequestHead(bytes, 0, bytes.length, 1024, head), bytes.length)
    return head.probe
  }
  for (const agent of [
    'kube-probe/1.36',
    'GoogleHC/1.0',
    'ELB-HealthChecker/2.0',
    'Envoy/HC',
    'Load Balancer Agent',
    '\t KUBE-PROBE/',
    'googlehc/',
  ])
    t.equal(isProbe(`User-Agent:${agent}`), true, agent)
  for (const agent of [
    '',
    'curl/8',
    'kube-probe',
    'googlehc',
    'elb-healthchecker',
    'envoy',
    'Load Balancer',
    'load/1.0',
    'xube-probe/1',
    'my kube-probe/1',
  ])
    t.equal(isProbe(`User-Agent: ${agent}`), false, agent)
  t.notOk(isProbe(), 'no User-Agent')
  t.notOk(isProbe('User-Agenx: kube-probe/1', 'User-Agents: kube-probe/1'), 'another field')
})
