/** lastcall inject behind what renders manifests: the post-renderer of Helm, the plugin of Argo CD, run as they run them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { parse } from 'yaml'
import { file, folder } from '../fixtures/folder.ts'
import { K8S, manifest } from '../fixtures/manifest.ts'
import type { Owner } from '../fixtures/program.ts'
import { entry } from '../fixtures/sidecar.ts'

/** What helm template prints: comments of its own, and hooks and tests among the rest. */
const RENDERED = `---
# Source: web/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - port: 80
      targetPort: http
---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: example/web:1
          ports:
            - name: http
              containerPort: 3000
`
const WORKER = RENDERED.slice(RENDERED.lastIndexOf('---'))
  .replaceAll('web', 'worker')
  .replace(/ +ports:[^]*/, '')

interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A folder with programs, to stand first in PATH. */
function programs(t: Owner, scripts: Readonly<Record<string, string>>): string {
  const place = folder(t)
  const all = { lastcall: `exec "${process.execPath}" "${entry('src')}" "$@"`, ...scripts }
  for (const [name, script] of Object.entries(all))
    chmodSync(file(place, name, `#!/bin/sh\n${script}\n`), 0o755)
  return place
}

async function run(
  t: Owner,
  command: readonly string[],
  stdin: string,
  env: Readonly<Record<string, string>> = {},
  scripts: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const [program = '', ...args] = command
  const path = `${programs(t, scripts)}:${process.env['PATH']}`
  const child = spawn(program, args, { env: { ...env, PATH: path }, timeout: 60_000 })
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number | null, out, err }
}

const POST_RENDERER = fileURLToPath(new URL('helm/post-renderer.sh', K8S))
const { spec } = parse(manifest('argocd/plugin.yaml')) as {
  spec: { generate: { command: string[]; args: string[] } }
}
const PLUGIN = [...spec.generate.command, ...spec.generate.args]

void tap.test('helm --post-renderer: what the chart makes gets lastcall, the same each time', async (t) => {
  const first = await run(t, [POST_RENDERER], RENDERED)
  t.match(first, { code: 0, out: /^---\n# Source: web\/templates\/service\.yaml\n/, err: '' })
  t.match(first.out, /^ +- name: lastcall\n +image: /m)
  t.notMatch(first.out, 'LASTCALL_TOKEN', 'a random one would replace all pods with each upgrade')
  t.same(await run(t, [POST_RENDERER], RENDERED), first)
  const tuned = await run(t, [POST_RENDERER, '--settle=5s'], RENDERED, { DRAIN_TOKEN: 's3cret' })
  t.match(tuned.out, '--settle=5s')
  t.equal(tuned.out.split('Bearer s3cret').length, 3)
})

void tap.test(
  'helm --post-renderer: what cannot be injected is said, and does not stop the release',
  async (t) => {
    const mixed = await run(t, [POST_RENDERER], RENDERED + WORKER)
    t.match(mixed, {
      code: 0,
      err: /1 workload was left out, the others are done\n {2}Deployment worker does not say/,
    })
    t.ok(mixed.out.endsWith(WORKER))
    t.match(
      await run(t, [POST_RENDERER], WORKER),
      { code: 0, out: WORKER },
      'nor where there is nothing else',
    )
    t.match(await run(t, [POST_RENDERER, '--strict'], RENDERED + WORKER), { code: 1, out: '' })
    t.match(await run(t, [POST_RENDERER, '--settel=5s'], RENDERED), {
      code: 1,
      out: '',
      err: /did you mean --settle/,
    })
  },
)

void tap.test('helm 4 finds the script by its plugin', async (t) => {
  const plugin = parse(manifest('helm/plugin.yaml')) as object
  t.match(plugin, {
    type: 'postrenderer/v1',
    // oxlint-disable-next-line no-template-curly-in-string -- helm expands it
    runtimeConfig: { platformCommand: [{ command: '${HELM_PLUGIN_DIR}/post-renderer.sh' }] },
  })
})

void tap.test('argocd: the plugin puts lastcall into what kustomize makes, the same each time', async (t) => {
  const place = folder(t)
  const scripts = { kustomize: `cat "${file(place, 'made.yaml', RENDERED)}"` }
  const first = await run(t, PLUGIN, '', {}, scripts)
  t.match(first, { code: 0, out: /^ +- name: lastcall\n +image: /m, err: '' })
  t.equal((await run(t, PLUGIN, '', {}, scripts)).out, first.out)
  const token = await run(t, PLUGIN, '', { ARGOCD_ENV_DRAIN_TOKEN: 's3cret' }, scripts)
  t.equal(token.out.split('Bearer s3cret').length, 3)
  const mixed = { kustomize: `cat "${file(place, 'mixed.yaml', RENDERED + WORKER)}"` }
  t.match(await run(t, PLUGIN, '', {}, mixed), {
    code: 0,
    err: /1 workload was left out, the others are done/,
  })
})

void tap.test(
  'argocd: if kustomize fails there is no output at all, which would be taken for deletions',
  async (t) => {
    const broken = { kustomize: `echo "apiVersion: v1"; echo "no such base" >&2; exit 1` }
    t.match(await run(t, PLUGIN, '', {}, broken), { code: 1, out: '', err: /no such base/ })
  },
)
