/**
 * The image without an image: there may be no engine here to build one. The Dockerfile is read, its last stage is laid
 * out as a tree (`npm install --omit=dev`, dist), and its ENTRYPOINT runs from there with the very flags, as its user where
 * the test may change users. Needs dist: `npm run build` comes before.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { entrypoint, lastStage, readDockerfile } from '../fixtures/dockerfile.ts'
import { folder } from '../fixtures/folder.ts'
import { startProgram } from '../fixtures/program.ts'
import { listening } from '../fixtures/sidecar.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const instructions = readDockerfile(join(ROOT, 'Dockerfile'))
const last = lastStage(instructions)
const user = /^(\d+):(\d+)$/.exec(last.find(({ name }) => name === 'USER')?.rest ?? '')
const command = entrypoint(last)
/** What the build stage removes again: paths below the WORKDIR. */
const removed = instructions.flatMap(({ name, rest }) =>
  name === 'RUN' ? (/\brm -r ([\w/ .-]+)$/.exec(rest)?.[1]?.split(' ') ?? []) : [],
)

await tap.test('the Dockerfile', async (t) => {
  const bases = instructions.filter(({ name }) => name === 'FROM').map(({ rest }) => rest)
  for (const base of bases) t.match(base, /^\$\{[A-Z_]+\}/, `${base}: base images are build arguments`)
  t.ok(Number(user?.[1]) > 0, 'the user is a number, for runAsNonRoot, and not root')
  t.notOk(
    last.some(({ name }) => name === 'RUN' || name === 'ADD'),
    'the last stage runs nothing: it has no shell',
  )
  const flags = command.filter((text) => text.startsWith('--'))
  t.ok(flags.includes('--permission'))
  t.notMatch(
    flags.join(' '),
    /--allow-(child-process|worker|addons|wasi|inspector)/,
    'nothing more is allowed',
  )
  const writes = flags.filter((flag) => flag.startsWith('--allow-fs-write='))
  t.same(writes, ['--allow-fs-write=/dev/termination-log'], 'one file may be written')
})

await tap.test('the ENTRYPOINT in the tree of the last stage', async (t) => {
  const tree = layOut(folder(t))
  const [node, ...args] = command.map((text) => text.replaceAll(/(?<==|^)\/(app|nodejs)\//g, `${tree}/$1/`))
  const identity = process.getuid?.() === 0 ? { uid: Number(user![1]), gid: Number(user![2]) } : {}
  const modules = readdirSync(join(tree, 'app/node_modules'))
  for (const name of ['typescript', 'tap', 'oxlint'])
    t.notOk(modules.includes(name), `${name} is no production dependency`)
  t.same(removed, ['dist/tools', 'dist/kubectl.js', 'node_modules/yaml'])

  await t.test('holds what runs in the pod, and no tools', async (t2) => {
    const run = async (...argv: string[]) => {
      const program = startProgram(t2, { command: node!, args: [...args, ...argv], cwd: '/', env: {} })
      const { code } = await program.exited
      return { code, said: program.lines.join('\n') }
    }
    for (const tool of ['inject', 'check'])
      t2.same(await run(tool, '-f', 'x.yaml'), {
        code: 2,
        said: `lastcall: the image does not contain ${tool}; run it from the npm package: npx lastcall ${tool}`,
      })
    t2.match(await run('rehearse', '--', 'app', '{port}'), { code: 2, said: /the image does not contain/ })
    t2.match(await run('--help'), { code: 0, said: /lastcall inject/ })
    t2.match(await run('status', '--admin', '127.0.0.1:1'), { said: /127\.0\.0\.1:1/ })
  })

  await t.test('serves, answers every endpoint, drains and exits', async (t2) => {
    const app = createServer((_, response) => response.end('from the app'))
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    t2.teardown(() => app.closeAllConnections())
    const port = (app.address() as AddressInfo).port
    const flags = [
      '--listen=127.0.0.1:0',
      '--admin=127.0.0.1:0',
      `--app=127.0.0.1:${port}`,
      '--log-level=debug',
    ]
    const health = [
      '--health',
      `http://127.0.0.1:${port}/`,
      '--settle=100ms',
      '--quiet=100ms',
      '--app-stop=1s',
    ]
    const program = startProgram(t2, {
      command: node!,
      args: [...args, ...flags, ...health],
      cwd: '/',
      env: {},
      ...identity,
    })
    const sidecar = await listening(program)
    await sidecar.ready()
    t2.equal(await (await fetch(sidecar.url)).text(), 'from the app')
    for (const path of ['/readyz', '/livez', '/startupz', '/status', '/metrics'])
      t2.equal((await sidecar.ask('GET', path)).status, 200, path)
    t2.ok(await sidecar.metric('process_open_fds'), 'what /proc tells is readable')
    sidecar.signal('SIGTERM')
    app.close()
    app.closeIdleConnections()
    t2.same(await sidecar.end(15_000), { code: 0, signal: null })
    const denied = program.lines.filter((line) => /ERR_ACCESS_DENIED|ERR_MODULE|EACCES/.test(line))
    t2.same(denied, [], 'nothing that it wanted was denied')
  })

  await t.test('may read what sets the limit of connections', async (t2) => {
    const paths = [
      '/proc/self/limits',
      '/proc/self/cgroup',
      '/sys/fs/cgroup/memory.max',
      '/sys/fs/cgroup/kubepods/pod/memory.max',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes',
    ]
    const code = `console.log(${JSON.stringify(paths)}.filter((path) => !process.permission.has('fs.read', path)).join())`
    const program = startProgram(t2, {
      command: node!,
      args: [...args.slice(0, -1), '-e', code, args.at(-1)!],
      cwd: '/',
      env: {},
    })
    t2.equal((await program.exited).code, 0)
    t2.same(program.lines, [''], 'none of them is denied')
  })

  const attempts = [
    ['start a program', `require('child_process').spawnSync('/bin/true').error`, 'ChildProcess'],
    ['start a thread', `new (require('worker_threads').Worker)('', { eval: true })`, 'WorkerThreads'],
    ['read another file', `require('fs').readFileSync('/etc/hostname')`, 'FileSystemRead'],
    ['write a file', `require('fs').writeFileSync('/tmp/lastcall-was-here', '')`, 'FileSystemWrite'],
    ['write its own program', `require('fs').writeFileSync(process.argv[1], '')`, 'FileSystemWrite'],
    ['load an addon', `process.dlopen({ exports: {} }, '/none.node')`, 'ERR_DLOPEN'],
  ] as const
  for (const [attempt, code, permission] of attempts) {
    const program = startProgram(t, {
      command: node!,
      args: [
        ...args.slice(0, -1),
        '-e',
        `const error = (() => ${code})(); if (error) throw error`,
        args.at(-1)!,
      ],
      cwd: '/',
      env: {},
    })
    await program.exited
    const said = program.lines.join('\n')
    t.match(said, new RegExp(`ERR_ACCESS_DENIED[^]*${permission}|ERR_DLOPEN_DISABLED`), `may not ${attempt}`)
  }
})

/** Makes the tree that the last stage copies, and Node where the base image has it. Everybody may read it. */
function layOut(tree: string): string {
  const app = join(tree, 'app')
  mkdirSync(app)
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(ROOT, name), join(app, name))
  const npm = ['install', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  execFileSync('npm', npm, { cwd: app, stdio: 'pipe' })
  if (!existsSync(join(ROOT, 'dist/cli.js'))) throw new Error('no dist: run npm run build first')
  cpSync(join(ROOT, 'dist'), join(app, 'dist'), { recursive: true })
  for (const path of removed) rmSync(join(app, path), { recursive: true })
  mkdirSync(join(tree, 'nodejs/bin'), { recursive: true })
  copyFileSync(process.execPath, join(tree, 'nodejs/bin/node'))
  chmodSync(tree, 0o755)
  return tree
}
