/**
 * The stand-in for the kubelet: its order is what the drain has to survive (FIELD.md sections 3.1 to 3.3), so it has
 * tests of its own, with real processes.
 */

import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { EndpointState } from '../../src/tools/rehearsal/endpoints.ts'
import type { PodEvent } from '../../src/tools/rehearsal/journal.ts'
import { Pod } from '../../src/tools/rehearsal/kubelet.ts'
import type { ContainerSpec, Probe } from '../../src/tools/rehearsal/pod-spec.ts'
import { until } from '../fixtures/until.ts'

/** A program that says `up`, and ends `ms` after SIGTERM, or never. */
function program(onTerm: number | 'never'): ContainerSpec['command'] {
  const end = onTerm === 'never' ? '' : `setTimeout(() => process.exit(0), ${onTerm})`
  const script = `process.on('SIGTERM', () => { ${end} }); setInterval(() => {}, 1000); console.log('up')`
  return [process.execPath, '-e', script]
}

function container(name: string, onTerm: number | 'never', more: Partial<ContainerSpec> = {}): ContainerSpec {
  return { name, role: 'main', command: program(onTerm), env: {}, ...more }
}

function setUp(test: Test, containers: readonly ContainerSpec[], graceMs = 30_000) {
  const events: PodEvent[] = []
  const states: EndpointState[] = []
  const pod = new Pod(
    { name: 'pod-1', endpoint: { pod: 'pod-1', host: '127.0.0.1', port: 1 }, graceMs, containers },
    { note: (event) => events.push(event), endpoint: (state) => states.push(state) },
  )
  test.teardown(() => pod.delete(0))
  /** Milliseconds from the deletion to the first event of that kind after it. */
  const after = (what: PodEvent['what'], name?: string) => {
    const deletedAt = events.find((event) => event.what === 'deleted')!.at
    const found = events.find(
      (event) => event.what === what && event.container === name && event.at >= deletedAt,
    )
    return found === undefined ? Number.NaN : found.at - deletedAt
  }
  /** A signal that comes before the program has its handler kills it: so wait for the program's own word. */
  const up = (name: string) => until(`${name} is up`, () => pod.lines(name)?.includes('up'))
  return { pod, events, states, after, up }
}

async function web(test: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function probe(url: string, more: Partial<Probe> = {}): Probe {
  return { target: { kind: 'httpGet', url }, periodMs: 50, timeoutMs: 1000, failures: 1, ...more }
}

void t.test(
  'calls the hooks of all containers at once, and each SIGTERM follows its own hook',
  async (test) => {
    const calls: string[] = []
    const url = await web(test, (request, response) => {
      calls.push(`${request.method} ${request.url} ${request.headers['user-agent']}`)
      setTimeout(() => response.writeHead(500).end(), request.url === '/slow' ? 800 : 300)
    })
    const { pod, after, up } = setUp(test, [
      container('app', 0, { preStop: { kind: 'httpGet', url: `${url}/slow` } }),
      container('sidecar', 0, { preStop: { kind: 'httpGet', url: `${url}/fast` } }),
      container('bare', 0),
    ])
    await pod.start(10_000)
    await Promise.all([up('app'), up('sidecar'), up('bare')])
    await pod.delete()
    test.same(calls.toSorted(), ['GET /fast kube-lifecycle/1.36', 'GET /slow kube-lifecycle/1.36'])
    test.ok(after('hook-called', 'app') < 50 && after('hook-called', 'sidecar') < 50, 'in parallel')
    test.ok(after('sigterm', 'bare') < 250, 'no hook: SIGTERM at once')
    test.ok(after('sigterm', 'sidecar') >= 300, 'a 500 is an answer like any other')
    test.ok(after('sigterm', 'app') >= 800 && after('sigterm', 'app') < 2500, `${after('sigterm', 'app')} ms`)
  },
)

void t.test(
  'a native sidecar starts first, gets its hook with the others and its SIGTERM after the app',
  async (test) => {
    const url = await web(test, (_, response) => response.end())
    const sidecar = container('sidecar', 0, {
      role: 'native',
      startup: probe(url),
      preStop: { kind: 'httpGet', url },
    })
    const { pod, events, after, up } = setUp(test, [sidecar, container('app', 600)])
    await pod.start(10_000)
    await Promise.all([up('app'), up('sidecar')])
    const started = events.filter((event) => event.what === 'started').map((event) => event.container)
    test.same(started, ['sidecar', 'app'])
    await pod.delete()
    test.ok(after('hook-called', 'sidecar') < 50)
    test.ok(after('hook-answered', 'sidecar') < after('sigterm', 'sidecar'))
    test.ok(after('sigterm', 'sidecar') >= after('exited', 'app'))
    test.ok(after('exited', 'app') >= 600)
  },
)

void t.test('a hook that cannot be reached is SIGTERM at once', async (test) => {
  const { pod, after, up } = setUp(test, [
    container('app', 0, { preStop: { kind: 'httpGet', url: 'http://127.0.0.1:1/' } }),
  ])
  await pod.start(10_000)
  await up('app')
  await pod.delete()
  test.ok(after('hook-failed', 'app') < 1000)
  test.ok(after('sigterm', 'app') < 1000)
})

void t.test('a hook that never answers has the grace period, and the container 2 s more', async (test) => {
  const url = await web(test, () => {})
  const { pod, after, up } = setUp(
    test,
    [container('app', 'never', { preStop: { kind: 'httpGet', url } })],
    1000,
  )
  await pod.start(10_000)
  await up('app')
  await pod.delete()
  test.ok(after('hook-overdue', 'app') >= 1000)
  test.ok(after('sigterm', 'app') < 2500)
  test.ok(after('sigkill', 'app') >= 3000 && after('sigkill', 'app') < 6000, `${after('sigkill', 'app')} ms`)
})

void t.test('the time of the hook is taken from the grace period', async (test) => {
  const { pod, after, up } = setUp(
    test,
    [container('app', 'never', { preStop: { kind: 'sleep', ms: 1000 } })],
    4000,
  )
  await pod.start(10_000)
  await up('app')
  await pod.delete()
  test.ok(after('sigterm', 'app') >= 1000)
  // 3 s are left but for a moment, and whole seconds count.
  test.ok(after('sigkill', 'app') >= 3000 && after('sigkill', 'app') < 6000, `${after('sigkill', 'app')} ms`)
})

void t.test(
  'the endpoint leaves the moment the pod is deleted, and readiness is probed to the end',
  async (test) => {
    let healthy = true
    let probes = 0
    const url = await web(test, (_, response) => {
      probes += 1
      response.writeHead(healthy ? 200 : 503).end()
    })
    const { pod, states, up } = setUp(test, [
      container('app', 0, { readiness: probe(url), preStop: { kind: 'sleep', ms: 1000 } }),
    ])
    await pod.start(10_000)
    await up('app')
    test.same(states, ['ready'])
    const gone = pod.delete()
    test.same(states, ['ready', 'serving'])
    const before = probes
    await until('more probes', () => probes > before + 2)
    healthy = false
    await until('the failing probe takes it out', () => states.at(-1) === 'out')
    await gone
    test.same(states, ['ready', 'serving', 'out'])
  },
)

void t.test(
  'a failed liveness probe ends and starts that container alone, by way of its hook',
  async (test) => {
    let alive = true
    let hooks = 0
    const url = await web(test, (request, response) => {
      if (request.url === '/hook') hooks += 1
      response.writeHead(request.url === '/hook' || alive ? 200 : 500).end()
    })
    const { pod, events, up } = setUp(test, [
      container('app', 0, {
        liveness: probe(`${url}/live`),
        preStop: { kind: 'httpGet', url: `${url}/hook` },
      }),
      container('sidecar', 0),
    ])
    await pod.start(10_000)
    await up('app')
    alive = false
    await until('a restart', () => events.some((event) => event.what === 'restarting'))
    alive = true
    const starts = () =>
      events.filter((event) => event.what === 'started' && event.container === 'app').length
    await until('the second start', () => starts() === 2)
    test.equal(hooks, 1)
    test.notOk(
      events.some((event) => event.container === 'sidecar' && event.what !== 'started'),
      'the sidecar is left alone',
    )
    test.notOk(events.some((event) => event.what === 'deleted'))
  },
)

void t.test('a container that ends by itself comes back without a hook', async (test) => {
  const script = "setTimeout(() => process.exit(3), 100); console.log('up')"
  const app = container('app', 0, {
    command: [process.execPath, '-e', script],
    preStop: { kind: 'sleep', ms: 0 },
  })
  const { pod, events } = setUp(test, [app])
  await pod.start(10_000)
  await until('the second start', () => events.filter((event) => event.what === 'started').length >= 2)
  test.match(
    events.find((event) => event.what === 'exited'),
    { detail: '3' },
  )
  test.notOk(events.some((event) => event.what === 'hook-called'))
})
