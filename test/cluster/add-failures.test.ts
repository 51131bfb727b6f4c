/** `add` and `remove` when something fails on the way: rollouts, conflicts, the API server. */
import tap from 'tap'
import { ADD, REMOVE } from '../../src/tools/cluster/adding.ts'
import { failureOf, type Kubectl } from '../../src/tools/cluster/kubectl.ts'
import { clearBroken } from '../../src/tools/cluster/waiting.ts'
import { at, branch, type Branch } from '../../src/tools/manifest/tree.ts'
import { MemoryCluster, MISSING } from '../fixtures/cluster.ts'
import { ran } from '../fixtures/session.ts'
import { web, service, policy, kept, containers, target } from '../fixtures/web-objects.ts'

function pod(name: string, revision: string, status: string): Branch {
  return {
    metadata: { name, labels: { 'controller-revision-hash': revision } },
    status: { conditions: [{ type: 'Ready', status }] },
  }
}

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

void tap.test('an API server that is temporarily unreachable does not end the wait', async (t) => {
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

void tap.test('a removal that does not complete is reverted: lastcall stays', async (t) => {
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

void tap.test(
  'only the broken pods of a StatefulSet are deleted after its template was reverted',
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

void tap.test('a change whose response is lost is recognized as made', async (t) => {
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

void tap.test(
  'an object that cannot be reverted is named with the reason, and the others are reverted',
  async (t) => {
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
  },
)

void tap.test(
  'a webhook denies a change in the middle of a step: earlier changes are reverted',
  async (t) => {
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
  },
)

void tap.test('unreadable endpoints do not stop the command', async (t) => {
  const cluster = new MemoryCluster([web(), service(3000)])
  cluster.before = ([, what]) => {
    if (what === 'endpointslices') throw 'Error from server (Forbidden): endpointslices is forbidden'
  }
  t.match(await ran(ADD, 'deploy/web', cluster), {
    code: 0,
    err: /Warning: the endpoints of Service web were not updated yet, or could not be read/,
  })
})

void tap.test('an API server that restarts does not end the wait, whatever its error', async (t) => {
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

void tap.test('without a ready pod, the message does not claim that requests are answered', async (t) => {
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
