/** The same port: the app is told to listen on loopback, and lastcall has its port on the pod's own addresses. */
import tap from 'tap'
import { SERVERS } from '../../src/tools/manifest/bindings.ts'
import { onLoopback } from '../../src/tools/manifest/bind-words.ts'
import { bindingOf } from '../../src/tools/manifest/bind.ts'
import { configOf, expanded } from '../../src/tools/manifest/settings.ts'
import { workloadOf } from '../../src/tools/manifest/workload.ts'
import { found, injected, injection, input } from '../fixtures/manifest.ts'

const SERVICE = `---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports:
    - port: 80
      targetPort: http
`
const web = (container: string, image = 'example/web:1', port = 8000) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ${image}
          ports:
            - name: http
              containerPort: ${port}
${container}${SERVICE}`
const GUNICORN = web('          command: ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n')
const POSTGREST = web('', 'postgrest/postgrest:v14.1', 3000)

const lookup = (name: string) => (name === 'A' ? 'x' : undefined)
const services = (text: string) => text.slice(text.indexOf('\n---\n'))

void tap.test(
  'an app that can listen on loopback: its Service does not change, a second run changes nothing, no trace is left',
  async (t) => {
    for (const text of [GUNICORN, POSTGREST]) {
      const after = injected(text)
      t.equal(services(after), services(text))
      t.match(after, /- --listen=\[\$\(POD_IPS\)\]:(8000|3000)\n +- --app=127\.0\.0\.1:\1\n/)
      t.match(after, /- name: POD_IPS\n +#.*\n +valueFrom:\n +fieldRef:\n +fieldPath: status\.podIPs\n/)
      t.match(after, /name: http\n/, 'the port keeps its name, and the app keeps the port')
      t.equal(injected(after), after)
      t.equal(injected(after, '--remove'), text)
      t.match(injection(text), { remarks: [] }, 'and there is nothing to be careful about')
      t.same(
        found(after).filter(({ severity }) => severity === 'error'),
        [],
      )
    }
    t.match(injected(GUNICORN), 'command: ["gunicorn", "-b", 127.0.0.1:8000, "app:app"]')
    t.match(injected(POSTGREST), /name: PGRST_SERVER_HOST\n +#.*\n +value: 127\.0\.0\.1\n/)
  },
)

void tap.test('what the kubelet makes of it is an address of each family', async (t) => {
  const read = input(injected(POSTGREST))
  const outcome = configOf(workloadOf({ input: read, item: read.objects[0]! })!.sidecar!)
  t.match(outcome, { config: { listen: { host: '192.0.2.1', also: ['2001:db8::1'], port: 3000 } } })
  t.equal(
    expanded('$(A)$(B)$$(A)$$$(A)', lookup),
    'x$(B)$(A)$x',
    'names it does not know stay; $$ is a dollar',
  )
})

void tap.test('where it is not certain, the app keeps its port and lastcall takes another', async (t) => {
  const two = (text: string, what: string) => t.match(injected(text), /- --listen=:(8080|18080)\n/, what)
  two(web(''), 'nothing is known of the image')
  two(web('          command: ["gunicorn", "-b", "0.0.0.0:9000", "app"]\n'), 'another port')
  two(web('          command: ["gunicorn", "-b", "0.0.0.0:8000", "-b", ":8000"]\n'), 'twice')
  two(web('          command: ["gunicorn", "-b", "$(POD_IP):8000", "app"]\n'), 'another address')
  two(web('          command: ["sh", "-c", "gunicorn -b 0.0.0.0:$PORT app"]\n'), 'a variable of the shell')
  two(web('          args: ["--host", "0.0.0.0"]\n'), 'a program that is not there')
  two(web('', 'postgrest/postgrest:v14', 80), 'a port for which lastcall needs a right')
  two(
    web('          livenessProbe: { tcpSocket: { port: http } }\n', 'postgrest/postgrest:v14', 3000),
    'a probe that only connects',
  )
  two(
    web('          livenessProbe: { httpGet: { port: 3001 } }\n', 'postgrest/postgrest:v14', 3000),
    'a setting that would move a port which the kubelet needs',
  )
  two(
    POSTGREST.replace('containerPort: 3000\n', 'containerPort: 3000\n            - containerPort: 3001\n'),
    'or which is declared',
  )
  t.match(injected(GUNICORN, '--listen=:8080'), '- --listen=:8080\n', 'what is given wins')
  const http = web('          livenessProbe: { httpGet: { port: http } }\n', 'postgrest/postgrest:v14', 3000)
  t.match(injected(http), '[$(POD_IPS)]:3000', 'a probe that asks is answered by the app, through lastcall')
})

void tap.test('the command line of a shell, and values in other clothes', async (t) => {
  const shell = web('          command: [sh, -c, "exec uvicorn app:app --host 0.0.0.0 --port 8000"]\n')
  t.match(injected(shell), 'exec uvicorn app:app --host 127.0.0.1 --port 8000')
  t.equal(injected(injected(shell), '--remove'), shell)
  const glued = web(
    "          args:\n            - uvicorn\n            # everywhere\n            - '--host=0.0.0.0'\n",
  )
  t.match(injected(glued), '- --host=127.0.0.1\n')
  t.equal(injected(injected(glued), '--remove'), glued)
  const variable = web(
    "          env:\n            - name: HOST\n              value: '0.0.0.0' # for Docker\n",
  )
  t.match(injected(variable), /- name: HOST\n +#.*\n +value: 127\.0\.0\.1 # for Docker\n/)
  t.equal(injected(injected(variable), '--remove'), variable)
  const line = web('          env: [{ name: GUNICORN_CMD_ARGS, value: "--bind=0.0.0.0:8000 --workers=4" }]\n')
  t.match(injected(line), 'value: --bind=127.0.0.1:8000 --workers=4')
  const moved = injected(glued).replace('- uvicorn\n', '- uvicorn\n            - --workers=2\n')
  t.equal(
    injected(moved, '--remove'),
    glued.replace('- uvicorn\n', '- uvicorn\n            - --workers=2\n'),
    'a word is found again where others have come in',
  )
})

void tap.test('addresses on loopback', async (t) => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['!4', '127.0.0.1'],
    ['', '127.0.0.1'],
    [':8000', '127.0.0.1:8000'],
    ['*:8000', '127.0.0.1:8000'],
    ['[::]:8000', '127.0.0.1:8000'],
    ['tcp://0.0.0.0:8000', 'tcp://127.0.0.1:8000'],
    ['http://+:8000/', 'http://127.0.0.1:8000/'],
    ['localhost:8000', 'localhost:8000'],
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0:8001', undefined],
    ['10.0.0.7', undefined],
    ['unix:/run/app.sock', undefined],
    ['http://+:8000;https://+:8443', undefined],
    ['$(POD_IP)', undefined],
  ]
  for (const [value, wanted] of cases) t.equal(onLoopback(value, 8000), wanted, value)
})

void tap.test('the user may say it: --bind-env and --bind-arg', async (t) => {
  const text = web('          args: [serve]\n')
  const variable = injected(text, '--bind-env', 'LISTEN_HOST')
  t.match(variable, /- name: LISTEN_HOST\n +#.*\n +value: 127\.0\.0\.1\n/)
  t.match(variable, '[$(POD_IPS)]:8000')
  t.equal(injected(variable), variable, 'and need not say it again')
  t.equal(injected(variable, '--remove'), text)
  t.match(injected(text, '--bind-env=ADDR=127.0.0.1:8000'), /name: ADDR\n +#.*\n +value: 127\.0\.0\.1:8000\n/)
  const flag = injected(text, '--bind-arg=--host')
  t.match(flag, 'args: [serve, --host=127.0.0.1]')
  t.equal(injected(flag), flag)
  t.equal(injected(flag, '--bind-arg=--host'), flag)
  t.equal(injected(flag, '--remove'), text)
  t.match(injected(text, '--bind-arg=-H'), 'args: [serve, -H, 127.0.0.1]')
  t.match(
    injected(web('          args: ["--addr=:8000"]\n'), '--bind-arg=--addr'),
    '["--addr=127.0.0.1:8000"]'.replaceAll('"', ''),
  )
  t.match(injection(web(''), '--bind-arg=--host'), {
    left: [
      {
        why: [
          /no command line in the manifest.*write command and args into the manifest, or use --bind-env NAME/,
        ],
      },
    ],
  })
  const elsewhere = '          env: [{ name: H, valueFrom: { configMapKeyRef: { name: a, key: b } } }]\n'
  t.match(injection(web(elsewhere), '--bind-env=H'), {
    left: [{ why: [/takes H from valueFrom, but --bind-env must set it/] }],
  })
  t.match(injection(text, '--bind-arg=--a', '--bind-env=B'), { kind: 'mistakes' })
})

void tap.test('a workload may say it itself, so that one run serves a bundle', async (t) => {
  const said = web('          args: [serve]\n').replace(
    'metadata: { name: web }\nspec:\n  replicas',
    'metadata: { name: web, annotations: { lastcall.dev/config: "--bind-arg=--host --settle=4s" } }\nspec:\n  replicas',
  )
  const after = injected(said, '--bind-env=OTHER')
  t.match(after, 'args: [serve, --host=127.0.0.1]')
  t.notMatch(after, 'OTHER')
  t.match(after, '--settle=4s')
  t.equal(injected(after), after)
  t.equal(injected(after, '--remove'), said)
})

void tap.test('each row of the table has a source, and says by what it is known', async (t) => {
  for (const { server, source, image, program, variables, flags, unsaid } of SERVERS) {
    t.match(source, /^https:\/\//, server)
    t.ok(flags === undefined || program !== undefined || image !== undefined, `${server}: whose flags`)
    t.ok(unsaid !== true || image !== undefined, `${server}: a variable that is not said needs an image`)
    for (const name of variables ?? []) {
      const app = {
        container: { path: [], name: 'a', native: false, value: { env: [{ name, value: '0.0.0.0' }] } },
        port: 80,
      }
      const reading = bindingOf(app, { bindEnv: undefined, bindArg: undefined })
      t.match(reading.kind, /^(binding|unknown)$/, name)
    }
  }
})
