/** Where the Service must move: two steps, each of which loses nothing; and the secret of each workload. */
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { text as readAll } from 'node:stream/consumers'
import tap from 'tap'
import { injected, injection, manifest } from '../fixtures/manifest.ts'
import { entry } from '../fixtures/sidecar.ts'

const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: example/web:1
          ports:
            - name: http
              containerPort: 3000
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports:
    - port: 80
      targetPort: 3000
`
const BARE = TEXT.replace(
  '            - name: http\n              containerPort',
  '            - containerPort',
)
const pods = (text: string) => text.slice(0, text.indexOf('\n---\n'))
const service = (text: string) => text.slice(text.indexOf('\n---\n'))

void tap.test('--step pods: the sidecar is in, and the Service still reaches the app', async (t) => {
  for (const text of [TEXT, BARE]) {
    const after = injected(text, '--step=pods')
    t.equal(service(after), service(text))
    t.match(pods(after), '- --listen=:8080\n')
    t.match(pods(after), /path: \/prestop\/app$/m)
    t.match(pods(after), /containerPort: 3000\n/)
    t.equal(after.includes('name: http\n              containerPort: 3000'), text === TEXT, 'its name stays')
    t.equal(injected(after, '--step=pods'), after, 'a second run changes nothing')
    t.equal(injected(after, '--remove'), text)
  }
})

void tap.test('--step services: the Service moves over, and the pods stay as they are', async (t) => {
  for (const text of [TEXT, BARE]) {
    const first = injected(text, '--step=pods')
    const second = injected(first, '--step=services')
    t.equal(pods(second), pods(first))
    t.match(service(second), /targetPort: 8080\n/)
    t.equal(injected(second, '--step=services'), second, 'a second run changes nothing')
    t.equal(injected(second), second, 'and it is done')
    t.equal(injected(second, '--remove'), text)
    t.match(injection(first, '--step=services'), {
      remarks: [/apply this when the rollout of --step pods is complete/],
    })
  }
})

void tap.test(
  'without --step, a remark has both commands if a live Service would lose requests',
  async (t) => {
    t.match(injection(BARE), {
      remarks: [
        /Service web now sends to port 8080.*lastcall inject -f test\.yaml --name deployment\/web --step pods; lastcall inject -f test\.yaml --name deployment\/web --step services$/,
      ],
    })
    t.match(injection(TEXT), { remarks: [] }, 'not where the Service can follow the name of the port')
  },
)

void tap.test('a step that is none, and the second before the first', async (t) => {
  t.match(injection(BARE, '--step=pod'), {
    kind: 'mistakes',
    problems: ['--step pod: must be pods or services; did you mean pods?'],
  })
  t.match(injection(BARE, '--step=services'), {
    kind: 'text',
    left: [{ why: [/no lastcall that Services could send to/], line: /--name deployment\/web --step pods$/ }],
  })
})

async function lastcall(args: readonly string[], stdin: string): Promise<string> {
  return (await run(args, stdin)).out
}

async function run(args: readonly string[], stdin: string): Promise<{ out: string; said: string }> {
  const child = spawn(process.execPath, [entry('src'), ...args], { env: {}, timeout: 60_000 })
  child.stdin.end(stdin)
  const [out, said] = await Promise.all([readAll(child.stdout), readAll(child.stderr), once(child, 'exit')])
  return { out, said: said.replaceAll(/\s+/g, ' ') }
}

void tap.test('each workload gets a secret of its own, which stays; --no-token leaves it out', async (t) => {
  const two = `${TEXT}---\n${TEXT.replaceAll('web', 'api')}`
  const after = await lastcall(['inject'], two)
  const tokens = [...after.matchAll(/name: LASTCALL_TOKEN\n +#.*\n +value: (\S+)\n/g)].map(
    ([, token]) => token,
  )
  t.equal(new Set(tokens).size, 2)
  for (const token of tokens) {
    t.match(token, /^['"]?[\w-]{22}['"]?$/)
    const plain = token!.replaceAll(/['"]/g, '')
    t.equal(after.split(`value: Bearer ${plain}\n`).length, 3, 'both hooks of its pod send it')
  }
  t.equal(await lastcall(['inject'], after), after, 'kept when done twice')
  t.equal(await lastcall(['inject', '--remove'], after), two)
  const without = await lastcall(['inject', '--no-token'], two)
  t.notMatch(without, /TOKEN|Bearer/)
  t.equal(await lastcall(['inject'], without), without, 'what is there without one stays without')
})

void tap.test(
  'the plain form gets no random token: old kubelets send no header fields with a hook',
  async (t) => {
    const { out, said } = await run(['inject', '--mode', 'plain'], TEXT)
    t.notMatch(out, /LASTCALL_TOKEN|Authorization/)
    t.match(
      said,
      /no token was set, because kubelets before Kubernetes 1\.26 do not send header fields with hooks/,
    )
    const chosen = await run(['inject', '--mode', 'plain', '--token', 's3cret'], TEXT)
    t.match(chosen.out, /Bearer s3cret/)
    t.notMatch(chosen.said, /no token was set/)
    const asked = await run(['inject', '--mode', 'plain', '--no-token'], TEXT)
    t.notMatch(asked.said, /no token was set/)
  },
)

void tap.test('a token of the user, in whatever place', async (t) => {
  const before = manifest('examples/nginx.before.yaml')
  const after = injected(before, '--token=s3cret')
  t.match(after, /name: LASTCALL_TOKEN\n +#.*\n +value: s3cret\n/)
  t.notMatch(after, '--token=')
  t.equal(after.split('value: Bearer s3cret\n').length, 3)
  t.match(injected(after, '--token=other').match(/s3cret/), null, 'another one takes its place')
  const inArgs = injected(before).replace('- --admin=:9099', '- --admin=:9099\n            - --token=s3cret')
  const again = injected(inArgs)
  t.match(again, '- --token=s3cret\n', 'where it is an argument it stays one')
  t.equal(again.split('value: Bearer s3cret\n').length, 3, 'and the hooks get it')
  const secret = injected(before).replace(
    '          ports:\n            - name: http\n              containerPort: 8080',
    '          env: [{ name: LASTCALL_TOKEN, valueFrom: { secretKeyRef: { name: a, key: b } } }]\n          ports:\n            - name: http\n              containerPort: 8080',
  )
  t.equal(injected(secret), secret, 'one from a Secret is nothing that inject can know')
  t.match(injection(before, '--token=a', '--no-token'), { kind: 'mistakes' })
})
