/** What a web page in the operator's browser may not do: cross-site request forgery and DNS rebinding, by name. */
import { request } from 'node:http'
import tap from 'tap'
import { fromForeignPage } from '../../src/proxy/admin/foreign-page.ts'
import { startTestAdmin } from '../fixtures/admin.ts'

type Headers = Record<string, string>

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'

/** Each with the fields that a browser sends in that attack. */
const ATTACKS: Readonly<Record<string, readonly [method: string, headers: Headers]>> = {
  'cross-site request forgery: fetch in no-cors mode, to localhost': [
    'POST',
    { host: 'localhost:9099', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ],
  'cross-site request forgery: a form of another port of localhost': [
    'POST',
    { host: 'localhost:9099', origin: 'http://localhost:8000', 'sec-fetch-site': 'same-site' },
  ],
  'cross-site request forgery: to the address of a pod, where browsers send no Sec-Fetch-Site': [
    'POST',
    { host: '10.0.0.7:9099', origin: 'https://evil.example' },
  ],
  'cross-site request forgery: from a sandboxed frame, whose origin is null': [
    'POST',
    { host: '10.0.0.7:9099', origin: 'null' },
  ],
  'an image whose source is a hook': ['GET', { host: '127.0.0.1:9099', 'sec-fetch-site': 'cross-site' }],
  'an image whose source is a hook at the address of a pod': ['GET', { host: '10.0.0.7:9099' }],
  'DNS rebinding: a name of the attacker leads here, and its page asks its own origin': [
    'POST',
    { host: 'evil.example:9099', origin: 'http://evil.example:9099' },
  ],
  'DNS rebinding, where the browser calls it same-origin': [
    'POST',
    { host: 'evil.example', origin: 'http://evil.example', 'sec-fetch-site': 'same-origin' },
  ],
  'DNS rebinding: a name that looks like an address or like localhost': [
    'POST',
    { host: '127.0.0.1.evil.example:9099', origin: 'http://127.0.0.1.evil.example:9099' },
  ],
  'DNS rebinding: a hook by GET': ['GET', { host: 'evil.example:9099' }],
  "DNS rebinding: a hook by GET, with a User-Agent of the page's choice (Firefox, Safari)": [
    'GET',
    { host: 'evil.example:9099', 'user-agent': 'kube-probe/1.36', 'accept-language': 'en-US,en;q=0.5' },
  ],
  'DNS rebinding: the same, and an Accept-Language that the page has emptied': [
    'GET',
    { host: 'evil.example:9099', 'user-agent': 'kube-probe/1.36', 'accept-language': '' },
  ],
  'DNS rebinding: the same, with what Node sends, which the page may choose': [
    'GET',
    { host: 'evil.example:9099', 'user-agent': 'node', 'accept-language': '*' },
  ],
  'a hook that the address bar loads in advance': [
    'GET',
    { host: 'localhost:9099', 'sec-fetch-site': 'none', 'sec-purpose': 'prefetch;prerender' },
  ],
}

const FRIENDS: Readonly<Record<string, readonly [method: string, headers: Headers]>> = {
  'the page itself, at localhost': [
    'POST',
    {
      host: 'localhost:9099',
      origin: 'http://localhost:9099',
      'sec-fetch-site': 'same-origin',
      'user-agent': CHROME,
    },
  ],
  'the page itself, at an address': [
    'POST',
    { host: '10.0.0.7:9099', origin: 'http://10.0.0.7:9099', 'user-agent': CHROME },
  ],
  'the page itself, at an IPv6 address': [
    'POST',
    { host: '[fd00::7]:9099', origin: 'http://[fd00::7]:9099', 'user-agent': CHROME },
  ],
  'the page behind kubectl proxy, which changes Host': [
    'POST',
    { host: '10.0.0.7:9099', origin: 'http://localhost:8001', 'sec-fetch-site': 'same-origin' },
  ],
  'the address bar': ['GET', { host: 'localhost:9099', 'sec-fetch-site': 'none', 'user-agent': CHROME }],
  'the kubelet': ['GET', { host: '10.0.0.7:9099', 'user-agent': 'kube-probe/1.36', accept: '*/*' }],
  curl: ['POST', { host: 'web.default.svc:9099', 'user-agent': 'curl/7.88.1', accept: '*/*' }],
  'the kubelet as it calls hooks': [
    'GET',
    { host: '10.0.0.7:9099', 'user-agent': 'kube-lifecycle/1.36', accept: '*/*', 'accept-encoding': 'gzip' },
  ],
  'kubectl get --raw, through the API server': [
    'GET',
    {
      host: 'api.cluster.example:6443',
      'user-agent': 'kubectl/v1.36.2 (linux/amd64) kubernetes/1234567',
      accept: 'application/json, */*',
      'accept-encoding': 'gzip',
      'x-forwarded-for': '127.0.0.1',
    },
  ],
  'fetch of Node': ['POST', { host: 'localhost:9099', 'user-agent': 'node', 'sec-fetch-mode': 'cors' }],
  'fetch of Node, a hook': [
    'GET',
    { host: 'web', 'user-agent': 'node', 'accept-language': '*', 'sec-fetch-mode': 'cors' },
  ],
}

/** Sends it as it is, Host and all, and resolves with the status. */
function send(port: number, method: string, headers: Headers): Promise<number | undefined> {
  const path = method === 'POST' ? '/drain' : '/prestop/sidecar'
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

void tap.test(
  'a foreign page drains nothing: each attack is 403, counted, and reaches no command',
  async (t) => {
    const { admin, asked } = await startTestAdmin(t)
    for (const [name, [method, headers]] of Object.entries(ATTACKS))
      t.equal(await send(admin.port, method, { 'user-agent': CHROME, ...headers }), 403, name)
    t.same(asked, [])
    t.equal(admin.refused['foreign-page'], Object.keys(ATTACKS).length)
  },
)

void tap.test('programs and the page itself are let through', async (t) => {
  for (const [name, [method, headers]] of Object.entries(FRIENDS))
    t.notOk(fromForeignPage(method, headers, false), name)
  const { admin, asked } = await startTestAdmin(t)
  const [, page] = FRIENDS['the page itself, at an address']!
  t.equal(await send(admin.port, 'POST', page), 202)
  t.same(asked, ['drain'])
})

void tap.test(
  'where a token is required, the page may have any name, as no attacker knows the token',
  async (t) => {
    const own = {
      host: 'lastcall.example',
      origin: 'https://lastcall.example',
      'sec-fetch-site': 'same-origin',
    }
    t.ok(fromForeignPage('POST', own, false))
    t.notOk(fromForeignPage('POST', own, true))
    t.ok(fromForeignPage('POST', { ...own, 'sec-fetch-site': 'cross-site' }, true))
  },
)
