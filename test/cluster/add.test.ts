/** `add` and `remove` in an in-memory cluster that notices Services without a served port: the steps, and Ctrl-C. */
import tap from 'tap'
import { ADD, REMOVE } from '../../src/tools/cluster/adding.ts'
import { at } from '../../src/tools/manifest/tree.ts'
import { MemoryCluster } from '../fixtures/cluster.ts'
import { ran } from '../fixtures/session.ts'
import { web, service, policy, kept, containers, target } from '../fixtures/web-objects.ts'

void tap.test('a numeric port: the pods first, then the Service; remove does the reverse', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000), policy])
  const before = kept(cluster)
  const added = await ran(ADD, 'deploy/web', cluster)
  t.match(
    added,
    {
      code: 0,
      err: /^Note: Deployment web: with a grace period of 30s[^\n]*\nNote: Deployment web: connections that are open when [^\n]*\n$/,
    },
    added.err,
  )
  t.match(
    added.out,
    /Deployment web: adding lastcall, in 2 steps\nstep 1 of 2: NetworkPolicy web, the pods of Deployment web\n/,
  )
  t.match(added.out, / {2}web-\d+ {2}with lastcall {5}ready\n/)
  t.match(added.out, /step 2 of 2: Service web\nDeployment web has lastcall in all of its pods/)
  t.same(cluster.changes, [
    'patch networkpolicy.networking.k8s.io/web',
    'patch deployment.apps/web',
    'patch service/web',
  ])
  t.same(containers(cluster), ['lastcall', 'web'])
  t.equal(target(cluster), 8080)
  const removed = await ran(REMOVE, 'deploy/web', cluster)
  t.match(removed, { code: 0, err: '' })
  t.match(
    removed.out,
    /in 3 steps\nstep 1 of 3: Service web\nstep 2 of 3: the pods of Deployment web\n[^]*step 3 of 3: NetworkPolicy web\n/,
  )
  t.same(kept(cluster), before, 'everything is as it was')
  t.same(cluster.lost, [], 'every Service led to what every ready pod served, at each moment')
})

void tap.test(
  'a named port: the name leads to the app in old pods and to lastcall in new ones, in one step',
  async (t) => {
    for (const targetPort of ['http', 3000]) {
      const cluster = new MemoryCluster([web({ portName: 'http' }), service(targetPort)])
      const before = kept(cluster)
      const added = await ran(ADD, 'deploy/web', cluster)
      t.match(added, { code: 0 }, added.err)
      t.match(added.out, /in 1 step\n/)
      t.equal(target(cluster), 'http')
      const removed = await ran(REMOVE, 'deploy/web', cluster)
      t.match(removed, { code: 0 }, removed.err)
      t.same(
        cluster.changes.at(-1),
        targetPort === 'http' ? 'patch deployment.apps/web' : 'patch service/web',
      )
      t.same(kept(cluster), before)
      t.same(cluster.lost, [])
    }
  },
)

void tap.test(
  "the app's own port, where the app can be bound to loopback: the Service stays as it is",
  async (t) => {
    const env = [{ name: 'PGRST_SERVER_PORT', value: '3000' }]
    const cluster = new MemoryCluster([web({ image: 'postgrest/postgrest:v12', env }), service(3000)])
    const before = kept(cluster)
    const added = await ran(ADD, 'deploy/web', cluster)
    t.match(added, { code: 0 }, added.err)
    t.same(cluster.changes, ['patch deployment.apps/web'])
    t.equal((await ran(REMOVE, 'deploy/web', cluster)).code, 0)
    t.same(kept(cluster), before)
    t.same(cluster.lost, [])
  },
)

void tap.test('a second run changes nothing', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  await ran(ADD, 'deploy/web', cluster)
  const changes = [...cluster.changes]
  const again = await ran(ADD, 'deploy/web', cluster)
  t.match(again, { code: 0, out: /already has lastcall: nothing was changed/ })
  await ran(REMOVE, 'deploy/web', cluster)
  const gone = await ran(REMOVE, 'deploy/web -o json', cluster)
  t.match(JSON.parse(gone.out), { kind: 'Deployment', name: 'web', result: 'unchanged', steps: [] })
  t.same(cluster.changes.length, changes.length + 2)
})

void tap.test(
  'a second container where the server is older than 1.29, unless --mode says otherwise',
  async (t) => {
    for (const [minor, words, native] of [
      ['28+', '', false],
      ['29', '', true],
      ['34', '--mode plain', false],
      ['20', '--mode native', true],
    ] as const) {
      const cluster = new MemoryCluster([web(), service(3000)])
      cluster.minor = minor
      t.equal((await ran(ADD, `deploy/web ${words}`, cluster)).code, 0)
      const spec = at(cluster.get('deployment.apps/web'), 'spec', 'template', 'spec')
      t.equal(at(spec, 'initContainers') !== undefined, native, `${minor} ${words}`)
    }
  },
)

void tap.test(
  'Ctrl-C between the steps: the state is printed, requests are answered, and add continues when run again',
  async (t) => {
    const cluster = new MemoryCluster([web(), service(3000)])
    const stop = new AbortController()
    cluster.before = ([, what]) => {
      // The rollout of the first step is done, and the plan for the second is being made.
      if (what?.startsWith('deployments') === true && cluster.changes.length === 1) stop.abort()
    }
    const first = await ran(ADD, 'deploy/web --settle 1s', cluster, stop.signal)
    t.equal(first.code, 130)
    t.match(
      first.err,
      /Interrupted\.\nDeployment web has lastcall in its template; of its 3 ready pods, 3 have it\./,
    )
    t.match(first.err, /Service web targets port 3000: the app itself\./)
    t.match(
      first.err,
      /To continue: kubectl lastcall add deploy\/web --settle 1s\nTo undo:     kubectl lastcall remove deploy\/web\n/,
    )
    t.same(cluster.changes, ['patch deployment.apps/web'])
    cluster.before = () => {}
    const second = await ran(ADD, 'deploy/web', cluster)
    t.match(second, { code: 0, out: /in 1 step\n( .*ready\n)+step 1 of 1: Service web\n/ })
    t.equal(target(cluster), 8080)
    t.same(cluster.lost, [])
  },
)

void tap.test(
  'Ctrl-C in the middle of a rollout: Services change only after the rollout is complete',
  async (t) => {
    const cluster = new MemoryCluster([web(), service(3000)])
    const stop = new AbortController()
    let looks = 0
    cluster.before = ([verb, what]) => {
      if (verb === 'get' && what === 'pods' && cluster.changes.length === 1 && (looks += 1) === 1)
        stop.abort()
    }
    const first = await ran(ADD, 'deploy/web', cluster, stop.signal)
    t.equal(first.code, 130)
    t.match(first.err, /of its 3 ready pods, [12] ha(s|ve) it, and Kubernetes is still replacing the others/)
    cluster.before = () => {}
    t.equal((await ran(ADD, 'deploy/web', cluster)).code, 0)
    t.equal(target(cluster), 8080)
    t.same(cluster.lost, [])
  },
)

void tap.test('Ctrl-C before anything was changed', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  const stop = new AbortController()
  cluster.before = (args) => {
    if (args.includes('--dry-run=server')) stop.abort()
  }
  t.match(await ran(ADD, 'deploy/web', cluster, stop.signal), {
    code: 130,
    err: 'Interrupted.\nNothing was changed.\n',
  })
  t.same(cluster.changes, [])
})
