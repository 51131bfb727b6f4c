/** The memory limit of the container, as cgroups of both versions tell it. */
import tap from 'tap'
import { memoryLimit } from '../../src/proxy/process/memory-limit.ts'

/** A machine with these files and no others. */
function machine(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path]
    if (text === undefined) throw new Error(`ENOENT: ${path}`)
    return text
  }
}

const NO_LIMIT_V1 = '9223372036854771712\n'

void tap.test('version 2 in a container: the own cgroup is the root', async (t) => {
  const files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': '134217728\n' }
  t.equal(memoryLimit(machine(files)), 134_217_728)
  t.equal(memoryLimit(machine({ ...files, '/sys/fs/cgroup/memory.max': 'max\n' })), undefined)
})

void tap.test('version 2 on a host: the smallest of the own limit and those around it', async (t) => {
  const files = {
    '/proc/self/cgroup': '0::/kubepods/pod1/c1\n',
    '/sys/fs/cgroup/kubepods/memory.max': 'max\n',
    '/sys/fs/cgroup/kubepods/pod1/memory.max': '200000000\n',
    '/sys/fs/cgroup/kubepods/pod1/c1/memory.max': '300000000\n',
  }
  t.equal(memoryLimit(machine(files)), 200_000_000)
})

void tap.test('version 1: in a container the path may name what only the host can see', async (t) => {
  const cgroup = '11:cpu,cpuacct:/kubepods/c1\n4:memory:/kubepods/c1\n1:name=systemd:/x\n0::/x\n'
  const mounted = {
    '/proc/self/cgroup': cgroup,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '268435456\n',
  }
  t.equal(memoryLimit(machine(mounted)), 268_435_456)
  const host = {
    '/proc/self/cgroup': cgroup,
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': NO_LIMIT_V1,
    '/sys/fs/cgroup/memory/kubepods/c1/memory.limit_in_bytes': '99000000\n',
  }
  t.equal(memoryLimit(machine(host)), 99_000_000)
  t.equal(
    memoryLimit(machine({ ...host, '/sys/fs/cgroup/memory/kubepods/c1/memory.limit_in_bytes': NO_LIMIT_V1 })),
    undefined,
    'none',
  )
})

void tap.test('no cgroups, or files that say something else: no limit, and no error', async (t) => {
  t.equal(memoryLimit(machine({})), undefined)
  t.equal(memoryLimit(machine({ '/proc/self/cgroup': 'rubbish\n0:/\n' })), undefined)
  const odd = { '/proc/self/cgroup': '0::/../..\n', '/sys/fs/cgroup/memory.max': '-1\n' }
  t.equal(memoryLimit(machine(odd)), undefined)
})
