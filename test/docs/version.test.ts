/** One version, in package.json, the lock file, manifests and pages; `npm run version-of` finds and writes it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { folder } from '../fixtures/folder.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

function versionOf(root: string, ...args: string[]) {
  return spawnSync(process.execPath, ['scripts/version.ts', ...args], { cwd: root, encoding: 'utf8' })
}

void tap.test('every place says the version of package.json', async (t) => {
  const { status, stderr } = versionOf(ROOT, '--check')
  t.equal(stderr, '')
  t.equal(status, 0)
})

void tap.test('a new version is written everywhere, and nowhere else', async (t) => {
  const copy = folder(t)
  for (const path of [
    'scripts',
    'docs',
    'k8s',
    'README.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'package.json',
    'package-lock.json',
  ])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(
    join(copy, 'CHANGELOG.md'),
    '# Changelog\n\n## [Unreleased]\n\n## [77.0.1] - 2027-01-01\n\n- New.\n',
  )

  const before = versionOf(copy, '--check', '77.0.1')
  t.equal(before.status, 1)
  t.match(before.stderr, /package\.json says [\d.]+, not 77\.0\.1\n/)
  t.match(before.stderr, /k8s\/postgrest\.yaml names the image of [\d.]+, not 77\.0\.1\n/)
  t.match(before.stderr, /(?:k8s\/krew\/lastcall\.yaml names [\d.]+, not 77\.0\.1\n){2}/)

  execFileSync(process.execPath, ['scripts/version.ts', '77.0.1'], { cwd: copy })
  t.same(versionOf(copy, '--check', '77.0.1').stderr, '')
  t.equal(versionOf(copy, '--check', '77.0.1').status, 0)
  t.match(readFileSync(join(copy, 'k8s/postgrest.yaml'), 'utf8'), /lastcall\/lastcall:77\.0\.1\n/)
  const lock = readFileSync(join(copy, 'package-lock.json'), 'utf8')
  t.equal(lock.split('"version": "77.0.1"').length - 1, 2, 'of the lock file, the package itself')

  t.equal(versionOf(copy, '--notes', '77.0.1').stdout, '- New.\n')
  t.match(versionOf(copy, '--check', '77.0.2').stderr, 'CHANGELOG.md has no section for 77.0.2')
  t.equal(versionOf(copy).status, 2)
})
