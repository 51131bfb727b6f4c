/** lastcall into a running workload and out of it, step by step, in a cluster in memory that notices what is not served. */
import tap from 'tap'
import { ADD, REMOVE } from '../../src/tools/cluster/adding.ts'
import { failureOf, type Kubectl } from '../../src/tools/cluster/kubectl.ts'
import { trimmed } from '../../src/tools/cluster/live.ts'
import { clearBroken } from '../../src/tools/cluster/waiting.ts'
import { at, branch, list, text, type Branch, type Tree } from '../../src/tools/manifest/tree.ts'
import { MemoryCluster, MISSING } from '../fixtures/cluster.ts'
import { ran } from '../fixtures/session.ts'

interface Shape {
  /** Of the app's port. */
  readonly portName?: string
  readonly targetPort?: Tree
  readonly image?: string
  readonly env?: Tree
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly labels?: Branch
  readonly annotations?: Branch
}

function web({
  portName,
  targetPort = 3000,
  image = 'example/web:1',
  env = [],
  kind = 'Deployment',
  labels = {},
  annotations = {},
}: Shape = {}): Branch {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'web', labels, annotations },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'web',
              image,
              env,
              ports: [{ containerPort: 3000, ...(portName === undefined ? {} : { name: portName }) }],
            },
          ],
          terminationGracePeriodSeconds: 30,
        },
      },
    },
    targetPort,
  }
}

function service(targetPort: Tree, name = 'web'): Branch {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort, protocol: 'TCP' }],
      clusterIP: '10.0.0.1',
    },
  }
}

const policy: Branch = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'web' },
  spec: {
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Ingress'],
    ingress: [{ ports: [{ protocol: 'TCP', port: 3000 }] }],
  },
}

/** What the user has in the cluster: without versions, statuses, pods. */
function kept(cluster: MemoryCluster): Branch[] {
  return [...cluster.objects.values()].filter((one) => one['kind'] !== 'Pod').map(unversioned)
}

function unversioned(object: Branch): Branch {
  const { metadata, ...rest } = trimmed(object)
  const { resourceVersion: _, generation: __, ...own } = branch(metadata)
  return { ...rest, metadata: own }
}

function containers(cluster: MemoryCluster, key = 'deployment.apps/web'): string[] {
  const spec = at(cluster.get(key), 'spec', 'template', 'spec')
  return [...list(at(spec, 'initContainers')), ...list(at(spec, 'containers'))].map(nameOf)
}

function nameOf(container: Tree): string {
  return text(at(container, 'name')) ?? ''
}

const target = (cluster: MemoryCluster) => at(cluster.get('service/web'), 'spec', 'ports', 0, 'targetPort')

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

void tap.test('twice is once', async (t) => {
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
  'Ctrl-C between the steps: the state is told, requests are answered, and add goes on from there',
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

void tap.test('Ctrl-C in the middle of a rollout: Services wait until the rollout is over', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  const stop = new AbortController()
  let looks = 0
  cluster.before = ([verb, what]) => {
    if (verb === 'get' && what === 'pods' && cluster.changes.length === 1 && (looks += 1) === 1) stop.abort()
  }
  const first = await ran(ADD, 'deploy/web', cluster, stop.signal)
  t.equal(first.code, 130)
  t.match(first.err, /of its 3 ready pods, [12] ha(s|ve) it, and Kubernetes is still replacing the others/)
  cluster.before = () => {}
  t.equal((await ran(ADD, 'deploy/web', cluster)).code, 0)
  t.equal(target(cluster), 8080)
  t.same(cluster.lost, [])
})

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

void tap.test('a rollout that does not complete is reverted, and the message says why', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000), policy])
  const before = kept(cluster)
  const tried = await ran(ADD, `deploy/web --image ${MISSING} --mode plain --timeout 1s`, cluster)
  t.equal(tried.code, 1)
  t.match(
    tried.err,
    /The rollout of Deployment web did not complete: not complete after 1s: 1 of 3 new pods created/,
  )
  t.match(tried.err, /pod web-4: container lastcall: ImagePullBackOff: Back-off pulling image/)
  t.match(
    tried.err,
    /The step was reverted: everything is as it was before\.\nDeployment web does not have lastcall in its template[^]*To try again: kubectl lastcall add/,
  )
  t.same(kept(cluster), before)
  t.same(cluster.lost, [])
})

void tap.test(
  'somebody else changes the object at the same time: their change stays, nothing is half done',
  async (t) => {
    const cluster = new MemoryCluster([web(), service(3000), policy])
    cluster.before = ([verb, what, ...flags]) => {
      if (verb !== 'patch' || what !== 'deployment.apps/web' || flags.includes('--dry-run=server')) return
      const now = cluster.get('deployment.apps/web')
      cluster.put({ ...now, spec: { ...branch(now['spec']), replicas: 5 } })
    }
    const before = kept(cluster)
    const tried = await ran(ADD, 'deploy/web', cluster)
    t.match(tried, {
      code: 1,
      err: /somebody else changed Deployment web at the same time; their change was kept/,
    })
    t.equal(at(cluster.get('deployment.apps/web'), 'spec', 'replicas'), 5)
    t.same(containers(cluster), ['web'])
    t.same(
      kept(cluster).filter((one) => one['kind'] !== 'Deployment'),
      before.filter((one) => one['kind'] !== 'Deployment'),
    )
  },
)

void tap.test('a status that changes at the same moment is no conflict', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  let times = 0
  cluster.before = ([verb, what, ...flags]) => {
    if (verb !== 'patch' || (!flags.includes('--dry-run=server') && (times += 1) > 2)) return
    cluster.put({ ...cluster.get(what!), status: { replicas: times } })
  }
  const added = await ran(ADD, 'deploy/web', cluster)
  t.equal(added.code, 0, added.err)
})

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

void tap.test('what GitOps owns is not changed without --force; plain Helm is warned of', async (t) => {
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
})

void tap.test('a Service that sends to pods of others, too, is not moved', async (t) => {
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

void tap.test('what would not be rolled out is refused', async (t) => {
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
  'lastcall cannot move to another port while it runs: the Service would lead to nothing',
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
  'a policy that may not be listed is warned of; an admission webhook without dry runs, too',
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

void tap.test('an API server that is away for a moment does not end the wait', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  let away = 0
  cluster.before = ([verb, what]) => {
    if (verb === 'get' && what === 'deployment.apps/web' && (away += 1) < 3)
      throw 'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?'
  }
  const { code, err } = await ran(ADD, 'deploy/web', cluster)
  t.equal(code, 0, err)
  t.ok(away > 3)
})

void tap.test('a removal that does not become ready is taken back: lastcall stays', async (t) => {
  const cluster = new MemoryCluster([web({ portName: 'http' }), service('http')])
  await ran(ADD, 'deploy/web', cluster)
  const before = kept(cluster)
  // The app's image is gone from the registry by now; pods that run it go on.
  cluster.unpullable = 'example/web:1'
  const tried = await ran(REMOVE, 'deploy/web --timeout 1s', cluster)
  t.match(tried, {
    code: 1,
    err: /The step was reverted: everything is as it was before\.\nDeployment web has lastcall/,
  })
  t.same(kept(cluster), before)
  t.same(cluster.lost, [])
})

function pod(name: string, revision: string, status: string): Branch {
  return {
    metadata: { name, labels: { 'controller-revision-hash': revision } },
    status: { conditions: [{ type: 'Ready', status }] },
  }
}

void tap.test(
  'the broken pods of a StatefulSet are deleted when its template is whole again, and no others',
  async (t) => {
    const deleted: string[] = []
    const items = [pod('web-0', 'old', 'True'), pod('web-1', 'new', 'True'), pod('web-2', 'new', 'False')]
    const kubectl: Kubectl = {
      run: async (args) => Promise.resolve(String(deleted.push(args.slice(0, 2).join(' ')))),
      json: async <T>() => Promise.resolve({ items } as T),
      ask: () => Promise.reject(new Error('nobody asks')),
      follow: () => {
        throw new Error('nobody watches')
      },
    }
    await clearBroken(kubectl, web({ kind: 'StatefulSet' }), 'new')
    t.same(deleted, ['delete pod/web-2'])
    await clearBroken(kubectl, web(), 'new')
    t.same(deleted.length, 1, 'a Deployment does it itself')
  },
)

/** A workload of which the Service `web` selects the pods, too. */
function canary(replicas: number): Branch {
  const labels = { app: 'web', track: 'canary' }
  const template = branch(at(web(), 'spec', 'template'))
  return {
    ...web(),
    metadata: { name: 'canary' },
    spec: { replicas, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
  }
}

function narrow(): Branch {
  const labels = { app: 'web', track: 'stable' }
  const template = branch(at(web(), 'spec', 'template'))
  return {
    ...web(),
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
  }
}

void tap.test('a Service that selects a workload which has no pods just now is not moved', async (t) => {
  const cluster = new MemoryCluster([narrow(), canary(0), service(3000)])
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 1,
    err: /Service web also selects Deployment canary: as soon as that has pods, they would get no requests\.\n.*\nNothing was changed\./,
  })
  t.same(cluster.changes, [])
})

void tap.test('pods of others that come between the steps: the Service is not moved', async (t) => {
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

void tap.test('a change whose answer is lost is known as made, and goes on', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000), policy])
  const run = cluster.run.bind(cluster)
  let lost = 0
  cluster.run = async (args, call) => {
    const said = await run(args, call)
    const change = args[0] === 'patch' && !args.includes('--dry-run=server')
    if (change && args[1] === 'deployment.apps/web' && (lost += 1) === 1)
      throw failureOf('Unable to connect to the server: unexpected EOF')
    return said
  }
  const added = await ran(ADD, 'deploy/web', cluster)
  t.match(added, { code: 0 }, added.err)
  t.equal(lost, 1)
  t.equal(target(cluster), 8080)
  t.same(cluster.lost, [])
})

void tap.test('what cannot be taken back is named with the reason, and the rest is taken back', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000), policy])
  let mayPatch = true
  cluster.before = ([verb, what, ...flags]) => {
    if (verb !== 'patch' || flags.includes('--dry-run=server')) return
    if (what === 'networkpolicy.networking.k8s.io/web' && !mayPatch)
      throw 'Error from server (Forbidden): networkpolicies "web" is forbidden'
    if (what === 'deployment.apps/web') mayPatch = false
  }
  const tried = await ran(ADD, `deploy/web --image ${MISSING} --timeout 1s`, cluster)
  t.equal(tried.code, 1)
  t.match(
    tried.err,
    /could not be reverted completely\. Fix these objects yourself:\n {2}NetworkPolicy web: Error from server \(Forbidden\)/,
  )
  t.match(tried.err, /Deployment web does not have lastcall in its template/)
  t.match(tried.err, /To undo:     kubectl lastcall remove deploy\/web/)
  t.same(containers(cluster), ['web'])
})

void tap.test('a webhook that denies in the middle: what was changed before is taken back', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000), policy])
  const before = kept(cluster)
  cluster.before = ([verb, what, ...flags]) => {
    if (verb === 'patch' && what === 'deployment.apps/web' && !flags.includes('--dry-run=server'))
      throw 'Error from server: admission webhook "policy.example" denied the request: no'
  }
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 1,
    err: /admission webhook "policy\.example" denied/,
  })
  t.same(kept(cluster), before)
})

void tap.test('endpoints that may not be read are no reason to stop in the middle', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  cluster.before = ([, what]) => {
    if (what === 'endpointslices') throw 'Error from server (Forbidden): endpointslices is forbidden'
  }
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 0,
    err: /Warning: the endpoints of Service web were not updated yet, or could not be read/,
  })
})

void tap.test('an API server that restarts does not end the wait, whatever it says', async (t) => {
  for (const said of [
    'Error from server (ServiceUnavailable): the server is currently unable to handle the request',
    'Error from server: etcdserver: leader changed',
    'Unable to connect to the server: net/http: TLS handshake timeout',
  ]) {
    const cluster = new MemoryCluster([web(), service(3000)])
    let away = 0
    cluster.before = ([verb, what]) => {
      if (verb === 'get' && what === 'deployment.apps/web' && (away += 1) === 1) throw said
    }
    const { code, err } = await ran(ADD, 'deploy/web', cluster)
    t.equal(code, 0, err)
  }
})

void tap.test('pods that all stop before new ones come are warned of', async (t) => {
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

void tap.test('without a ready pod nobody claims that requests are answered', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  const stop = new AbortController()
  cluster.before = ([verb, what]) => {
    if (verb !== 'get' || what !== 'pods' || cluster.changes.length === 0) return
    for (const [key, one] of cluster.objects) if (one['kind'] === 'Pod') cluster.objects.delete(key)
    stop.abort()
  }
  const { err, out } = await ran(ADD, 'deploy/web -o json', cluster, stop.signal)
  t.match(err, /None of its pods is ready: requests are not answered until one is\./)
  t.notMatch(err, /Requests are answered/)
  t.match(JSON.parse(out), { kind: 'Deployment', name: 'web', result: 'interrupted', steps: [] })
})

void tap.test('a message of an event is one line without control characters', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  const run = cluster.run.bind(cluster)
  cluster.run = async (args, call) => {
    if (args[1] !== 'events') return run(args, call)
    const involvedObject = { kind: 'Deployment', name: 'web' }
    const message =
      'Readiness probe failed: \x1b]0;title\x07\nDeployment web has lastcall in all of its pods.'
    return JSON.stringify({ items: [{ involvedObject, reason: 'Unhealthy', message }] })
  }
  const { err } = await ran(ADD, `deploy/web --image ${MISSING} --timeout 1s`, cluster)
  t.match(err, /Unhealthy: Readiness probe failed: \?\]0;title\? Deployment web has lastcall/)
})
