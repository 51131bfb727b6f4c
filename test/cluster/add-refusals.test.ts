/** What `add` and `remove` refuse, or warn about, before they change anything. */
import tap from 'tap'
import { ADD } from '../../src/tools/cluster/adding.ts'
import { at, branch, type Branch } from '../../src/tools/manifest/tree.ts'
import { MemoryCluster } from '../fixtures/cluster.ts'
import { ran } from '../fixtures/session.ts'
import { web, service, canary, narrow, target } from '../fixtures/web-objects.ts'

void tap.test('what the API server would refuse is found before anything is changed', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  cluster.before = (args) => {
    if (args[1] === 'service/web' && args.includes('--dry-run=server'))
      throw 'Error from server (Forbidden): services "web" is forbidden: User "me" cannot patch resource "services"'
  }
  // In one step, since the second cannot be tried before the first: only objects as they are now can be.
  const named = new MemoryCluster([web({ portName: 'http' }), service(3000)])
  named.before = cluster.before
  t.match(await ran(ADD, 'deploy/web', named), {
    code: 1,
    err: /cannot patch resource "services"\nAsk the administrator of the cluster/,
  })
  t.same(named.changes, [])
  t.match(await ran(ADD, 'deploy/web', cluster), { code: 1, err: /cannot patch resource "services"/ })
  t.same(cluster.changes, [])
})

void tap.test(
  'objects of GitOps tools are not changed without --force; for plain Helm there is a warning',
  async (t) => {
    const owners = [
      {
        labels: { 'argocd.argoproj.io/instance': 'shop' },
        says: /Deployment web is managed by Argo CD \(application shop\)/,
      },
      {
        annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps/Deployment:x/web' },
        says: /Argo CD \(application shop\)/,
      },
      { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' }, says: /Flux \(Kustomization apps\)/ },
      {
        labels: { 'helm.toolkit.fluxcd.io/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' },
        says: /Flux \(HelmRelease web\)/,
      },
    ]
    for (const { says, ...shape } of owners) {
      const cluster = new MemoryCluster([web(shape), service(3000)])
      t.match(await ran(ADD, 'deploy/web', cluster), { code: 1, err: says })
      t.same(cluster.changes, [])
      t.same(cluster.dryRuns, [])
      t.match(await ran(ADD, 'deploy/web --force', cluster), {
        code: 0,
        err: /Warning: Deployment web is managed by/,
      })
    }
    const owned = {
      ...service(3000),
      metadata: { name: 'web', labels: { 'argocd.argoproj.io/instance': 'net' } },
    }
    const cluster = new MemoryCluster([web(), owned])
    t.match(await ran(ADD, 'deploy/web', cluster), {
      code: 1,
      err: /Service web is managed by Argo CD \(application net\)/,
    })
    t.same(cluster.changes, [], 'not even the pods')
    const helm = new MemoryCluster([
      web({
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'web' },
      }),
      service(3000),
    ])
    t.match(await ran(ADD, 'deploy/web', helm), {
      code: 0,
      err: /Deployment web is managed by Helm \(release web\): its next upgrade undoes/,
    })
  },
)

void tap.test('a Service that also sends to pods of other workloads is not changed', async (t) => {
  const other: Branch = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'canary',
      labels: { app: 'web' },
      ownerReferences: [{ kind: 'Rollout', name: 'canary', controller: true }],
    },
    spec: { containers: [{ name: 'web', image: 'x', ports: [{ containerPort: 3000 }] }] },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  }
  const wide = {
    ...web(),
    spec: { ...branch(web()['spec']), selector: { matchLabels: { app: 'web', track: 'stable' } } },
  }
  const template = branch(at(wide, 'spec', 'template'))
  const stable = {
    ...wide,
    spec: { ...wide.spec, template: { ...template, metadata: { labels: { app: 'web', track: 'stable' } } } },
  }
  const cluster = new MemoryCluster([stable, service(3000)])
  cluster.put(other)
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 1,
    err: /Service web also sends to pod canary \(of Rollout canary\), which does not belong to Deployment web/,
  })
  t.same(cluster.changes, [])
})

void tap.test('a change that Kubernetes would not roll out is refused', async (t) => {
  const paused = web()
  const spec = branch(paused['spec'])
  const cases: [Branch, RegExp][] = [
    [
      { ...paused, spec: { ...spec, paused: true } },
      /Deployment web is paused: run kubectl rollout resume first/,
    ],
    [
      { ...web({ kind: 'StatefulSet' }), spec: { ...spec, updateStrategy: { type: 'OnDelete' } } },
      /update strategy OnDelete/,
    ],
    [
      {
        ...web({ kind: 'StatefulSet' }),
        spec: { ...spec, updateStrategy: { rollingUpdate: { partition: 2 } } },
      },
      /has a partition of 2/,
    ],
  ]
  for (const [workload, says] of cases) {
    const cluster = new MemoryCluster([workload, service(3000)])
    const name = workload['kind'] === 'Deployment' ? 'deploy/web' : 'sts/web'
    t.match(await ran(ADD, name, cluster), { code: 1, err: says })
    t.same(cluster.changes, [])
  }
})

void tap.test(
  'lastcall cannot move to another port while it runs: the Service would target no port',
  async (t) => {
    const cluster = new MemoryCluster([web(), service(3000)])
    await ran(ADD, 'deploy/web', cluster)
    const { length } = cluster.changes
    t.match(await ran(ADD, 'deploy/web --listen :9000', cluster), {
      code: 1,
      err: /cannot move it to another port while it runs[^]*kubectl lastcall remove first/,
    })
    t.equal(cluster.changes.length, length)
    t.match(
      await ran(ADD, 'deploy/web --settle 5s', cluster),
      { code: 0, out: /in 1 step/ },
      'other options can change',
    )
    t.same(cluster.lost, [])
  },
)

void tap.test('errors as a user of kubectl expects them', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  t.match(await ran(ADD, 'deploy/api', cluster), {
    code: 1,
    err: /^Error from server \(NotFound\): .*api.* not found\n$/,
  })
  t.match(await ran(ADD, 'svc/web', cluster), {
    code: 1,
    err: /svc\/web is a Service: only a Deployment, StatefulSet or DaemonSet/,
  })
  const owner = [{ kind: 'Postgres', name: 'db', controller: true }]
  cluster.put({ ...web(), metadata: { name: 'web', ownerReferences: owner } })
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 1,
    err: /Deployment web belongs to Postgres db, which would undo the change/,
  })
})

void tap.test(
  'warnings about policies that may not be listed, and admission webhooks without dry runs',
  async (t) => {
    const cluster = new MemoryCluster([web(), service(3000)])
    cluster.before = ([verb, what, ...flags]) => {
      if (what?.startsWith('networkpolicies') === true)
        throw 'Error from server (Forbidden): networkpolicies.networking.k8s.io is forbidden: User "me" cannot list'
      if (verb === 'api-resources')
        throw 'error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1'
      if (verb === 'patch' && flags.includes('--dry-run=server'))
        throw 'Error from server (BadRequest): admission webhook "x" does not support dry run'
    }
    const { code, err } = await ran(ADD, 'deploy/web', cluster)
    t.equal(code, 0, err)
    t.match(err, /Warning: you may not list networkpolicies/)
    t.match(err, /Warning: not all APIs of the cluster answer: policies of a mesh were not checked/)
    t.match(err, /Warning: no dry run for Deployment web was possible: .*does not support dry run/)
  },
)

void tap.test('a Service that selects a workload without pods is not changed', async (t) => {
  const cluster = new MemoryCluster([narrow(), canary(0), service(3000)])
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 1,
    err: /Service web also selects Deployment canary: as soon as that has pods, they would get no requests\.\n.*\nNothing was changed\./,
  })
  t.same(cluster.changes, [])
})

void tap.test('pods of other workloads appear between the steps: the Service is not changed', async (t) => {
  const cluster = new MemoryCluster([narrow(), service(3000)])
  let looks = 0
  cluster.before = ([verb, what]) => {
    if (
      verb === 'get' &&
      what === 'deployment.apps/web' &&
      cluster.changes.length === 1 &&
      (looks += 1) === 1
    )
      for (const one of new MemoryCluster([canary(1)]).objects.values())
        if (one['kind'] === 'Pod') cluster.put({ ...one, owner: 'canary' })
  }
  const tried = await ran(ADD, 'deploy/web', cluster)
  t.match(tried, { code: 1, err: /Service web also sends to pod canary-1/ })
  t.notMatch(tried.err, /Nothing was changed/)
  t.match(tried.err, /Requests are answered in this state\.\nTo continue: /)
  t.same(cluster.changes, ['patch deployment.apps/web'])
  t.equal(target(cluster), 3000)
  t.same(cluster.lost, [])
})

void tap.test('a warning if all pods stop before new ones are ready', async (t) => {
  for (const [object, says] of [
    [
      { ...web(), spec: { ...branch(web()['spec']), strategy: { type: 'Recreate' } } },
      'has the strategy Recreate',
    ],
    [
      {
        ...web(),
        spec: { ...branch(web()['spec']), strategy: { rollingUpdate: { maxUnavailable: '100%' } } },
      },
      'has maxUnavailable 100%',
    ],
  ] as const) {
    const cluster = new MemoryCluster([object, service(3000)])
    t.match(await ran(ADD, 'deploy/web', cluster), {
      code: 0,
      err: `Warning: Deployment web ${says}: requests are not answered after its old pods have stopped until new ones are ready`,
    })
  }
})
