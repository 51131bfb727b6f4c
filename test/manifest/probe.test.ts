/** The app's readinessProbe becomes lastcall's health check, and loses nothing on the way. */
import tap from 'tap'
import { injected, injection, input } from '../fixtures/manifest.ts'

const app = (probe: object) =>
  JSON.stringify({
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'web' },
    spec: {
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            { name: 'web', image: 'web:1', ports: [{ containerPort: 3000 }], readinessProbe: probe },
          ],
        },
      },
    },
  })

interface Pod {
  readonly initContainers: { args: string[] }[]
  readonly containers: { readinessProbe?: object }[]
}

function pod(text: string): Pod {
  const { spec } = input(text).objects[0]!.value as unknown as { spec: { template: { spec: Pod } } }
  return spec.template.spec
}

/** The health options that lastcall gets in place of a probe, which must be gone from the app. */
function health(probe: object): string[] {
  const { initContainers, containers } = pod(injected(app(probe)))
  if (containers[0]!.readinessProbe !== undefined) throw new Error('the probe is still there')
  return initContainers[0]!.args.filter((arg) => arg.startsWith('--health'))
}

const get = { httpGet: { port: 3000, path: '/ready' } }
const URL_OPTION = '--health=http://127.0.0.1:3000/ready'

void tap.test('60 s of tolerance stay 60 s: period, failures, successes and timeout go over', async (t) => {
  t.same(health({ ...get, periodSeconds: 20, failureThreshold: 3, successThreshold: 2, timeoutSeconds: 5 }), [
    URL_OPTION,
    '--health-interval=20s',
    '--health-timeout=5s',
    '--health-failures=3',
    '--health-successes=2',
  ])
  t.same(
    health({ ...get, failureThreshold: 6 }),
    [URL_OPTION, '--health-interval=10s', '--health-failures=6'],
    "a period that is not said is the API's 10 s",
  )
  t.same(health({ ...get, periodSeconds: 5 }), [URL_OPTION, '--health-interval=5s', '--health-failures=3'])
  t.same(health(get), [URL_OPTION], 'without tuning lastcall has its own')
})

void tap.test('its headers are sent by lastcall, the Host too', async (t) => {
  const httpHeaders = [
    { name: 'Host', value: 'www.example.com' },
    { name: 'X-Probe', value: 'a; b' },
  ]
  const probe = { httpGet: { ...get.httpGet, httpHeaders } }
  t.same(health(probe), [URL_OPTION, '--health-header=Host: www.example.com; X-Probe: a; b'])
  t.match(injection(app(probe)), { remarks: [/no Service in the input/] }, 'and nothing is lost to tell of')
  const odd = { httpGet: { ...get.httpGet, httpHeaders: [{ name: 'X', value: 'a; B: c' }] } }
  t.ok(pod(injected(app(odd))).containers[0]!.readinessProbe, 'what cannot be said stays with the app')
  t.match(injection(app(odd)), {
    remarks: [/header field that lastcall cannot send: it stays/, /no Service/],
  })
})

void tap.test('tcpSocket: on the port of the app, or on another one', async (t) => {
  t.same(health({ tcpSocket: { port: 3000 } }), [])
  t.same(health({ tcpSocket: { port: 3001 }, periodSeconds: 5 }), [
    '--health=tcp://127.0.0.1:3001',
    '--health-interval=5s',
    '--health-failures=3',
  ])
})
