/** The plugin as krew installs it: the manifest, the archive, and the launcher in it. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { parse } from 'yaml'
import { file, folder } from '../fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly version: string
    readonly shortDescription: string
    readonly description: string
    readonly homepage: string
    readonly platforms: readonly {
      readonly selector: object
      readonly uri: string
      readonly sha256: string
      readonly bin: string
    }[]
  }
}

function manifest(path: string): Manifest {
  return parse(readFileSync(path, 'utf8')) as Manifest
}

void tap.test('the manifest is what krew takes, of the version of package.json', async (t) => {
  const { apiVersion, kind, metadata, spec } = manifest(join(ROOT, 'k8s/krew/lastcall.yaml'))
  // krew, internal/index/validation: these are required, and names, versions and sums have these forms.
  t.match(
    { apiVersion, kind },
    { apiVersion: 'krew.googlecontainertools.github.com/v1alpha2', kind: 'Plugin' },
  )
  t.equal(metadata.name, 'lastcall')
  t.equal(spec.version, `v${version}`)
  t.match(spec.shortDescription, /^[^\r\n]{1,50}[^.\r\n]$/)
  t.ok(spec.description.length > 0 && spec.homepage.startsWith('https://'))
  t.equal(spec.platforms.length, 1)
  const [platform] = spec.platforms
  t.same(Object.keys(platform!).toSorted(), ['bin', 'selector', 'sha256', 'uri'])
  t.match(platform!.sha256, /^[a-f0-9]{64}$/)
  t.ok(platform!.uri.endsWith(`/v${version}/kubectl-lastcall.tar.gz`))
  t.equal(platform!.bin, 'kubectl-lastcall')
})

void tap.test('the archive: its sum, its bytes, and its launcher behind a link', async (t) => {
  const at = folder(t)
  const krew = (out: string) =>
    spawnSync(process.execPath, [join(ROOT, 'scripts/krew.ts'), join(at, out)], { encoding: 'utf8' })
  const made = krew('one')
  t.equal(made.status, 0, made.stderr)
  const archive = join(at, 'one/kubectl-lastcall.tar.gz')
  const bytes = readFileSync(archive)
  const [platform] = manifest(join(at, 'one/lastcall.yaml')).spec.platforms
  t.equal(platform!.sha256, createHash('sha256').update(bytes).digest('hex'))
  krew('two')
  t.ok(bytes.equals(readFileSync(join(at, 'two/kubectl-lastcall.tar.gz'))), 'the same bytes again')

  const store = join(at, 'store')
  mkdirSync(store)
  t.equal(spawnSync('tar', ['-xzf', archive, '-C', store]).status, 0)
  t.ok(readFileSync(join(store, 'LICENSE'), 'utf8').includes('Apache License'))
  const bin = join(at, 'bin')
  mkdirSync(bin)
  symlinkSync('../store/kubectl-lastcall', join(bin, 'kubectl-lastcall'))
  const run = (PATH: string, ...args: string[]) =>
    spawnSync(join(bin, 'kubectl-lastcall'), args, { encoding: 'utf8', env: { PATH } })

  const own = `${dirname(process.execPath)}:/usr/bin:/bin`
  t.match(run(own, '--version'), { status: 0, stdout: `${version}\n` })
  t.match(run(own, 'check', '--explain', 'hook-missing'), { status: 2, stderr: /no such rule/ })
  t.match(run(own, 'check', '--explain', 'single-replica'), { status: 0, stdout: /^single-replica/ })

  const old = file(bin, 'node', '#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0\nexit 1\n')
  t.equal(spawnSync('chmod', ['+x', old]).status, 0)
  t.match(run(`${bin}:/usr/bin:/bin`, '--version'), {
    status: 1,
    stderr: /needs Node\.js 22\.19 or later; the node in the PATH is v20\.1\.0/,
  })
})
