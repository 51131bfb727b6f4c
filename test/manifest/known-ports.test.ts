/** What check knows of ports: those that an app does not declare, and those that it shares with lastcall. */
import tap from 'tap'
import { found, injected } from '../fixtures/manifest.ts'

const web = (port: number, target: string, more = '') => `apiVersion: apps/v1
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
            - containerPort: ${port}
${more}---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports:
    - port: 8000
${target}`

const ENV = '          env: [{ name: HOST, value: 0.0.0.0 }]\n'

const errors = (text: string) =>
  found(text).flatMap(({ rule, severity }) => (severity === 'error' ? [rule] : []))

void tap.test('an app on a port that it does not declare, to which its Service leads or led', async (t) => {
  for (const target of ['', '      targetPort: 8000\n']) {
    const after = injected(web(9090, target))
    t.match(after, /--app=127\.0\.0\.1:8000/)
    t.same(errors(after), [], 'the annotation of the Service says where it led')
    const elsewhere = after.replace('--app=127.0.0.1:8000', '--app=127.0.0.1:8001')
    t.same(errors(elsewhere), ['app-port-nowhere'], 'nobody knows of 8001')
  }
})

void tap.test('an app on a port that it does not declare, but that a probe asks', async (t) => {
  const probe = '          livenessProbe: { httpGet: { port: 8000, path: / } }\n'
  // Set up by hand: no annotation tells of the time before.
  const bare = injected(web(9090, '', probe)).replaceAll('lastcall.dev/before', 'example.com/note')
  t.same(errors(bare), [])
})

void tap.test('the same port: the app must have been told to listen on loopback', async (t) => {
  const after = injected(web(8000, '', ENV))
  t.match(after, /POD_IPS.*:8000/)
  t.match(after, /value: 127\.0\.0\.1/)
  t.same(errors(after), [])
  const open = after.replace('name: HOST, value: 127.0.0.1', 'name: HOST, value: 0.0.0.0')
  t.not(open, after)
  t.match(
    found(open).filter(({ severity }) => severity === 'error'),
    [{ rule: 'port-taken', message: /container web listens on port 8000 of all addresses/ }],
  )
  const named = injected(web(8000, ''), '--bind-env=LISTEN')
  t.same(errors(named), [], 'what the table does not know is the user’s word')
})
