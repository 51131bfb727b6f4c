/**
 * The version of lastcall, in every place that says it, as a program:
 *   npm run version-of -- 0.2.0           writes it: package.json, the lock file, manifests and pages
 *   npm run version-of -- --check [0.2.0] exits 1 if a place says another version, or the changelog has no section for it
 *   npm run version-of -- --notes 0.2.0   prints the section of the changelog
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
/** Folders whose files name the image with its version; files of the root belong to them. */
const FOLDERS = ['docs', 'k8s', 'test', 'bench', 'images']
/** What was measured keeps the version that it was measured with. */
const KEPT = ['bench/results', 'CHANGELOG.md', 'package-lock.json']
const IMAGE = /(?<=ghcr\.io\/lastcall\/lastcall:)\d+\.\d+\.\d+/g
/** Where krew's manifest says its version, and whose archive it names. */
const KREW = /(?<=^ {2}version: v|\/releases\/download\/v)\d+\.\d+\.\d+/gm
const KREW_MANIFEST = 'k8s/krew/lastcall.yaml'
const VERSION = /^\d+\.\d+\.\d+$/

/** Paths of the text files that may name the image. */
function files(): string[] {
  const own = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isFile())
  const below = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return [...own.map(({ name }) => name), ...below]
    .filter((path) => /(?:\.(?:md|ts|yaml|yml)|Dockerfile)$/.test(path))
    .filter((path) => !KEPT.some((kept) => path === kept || path.startsWith(`${kept}/`)))
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The version in package.json. */
function current(): string {
  return (JSON.parse(read('package.json')) as { version: string }).version
}

function write(version: string): void {
  const old = current()
  for (const path of files()) {
    const text = read(path)
    const fresh = text.replaceAll(IMAGE, version)
    if (fresh !== text) writeFileSync(join(ROOT, path), fresh)
  }
  writeFileSync(join(ROOT, KREW_MANIFEST), read(KREW_MANIFEST).replaceAll(KREW, version))
  // In the lock file, the first two are the package's own.
  for (const path of ['package.json', 'package-lock.json']) {
    let left = path === 'package.json' ? 1 : 2
    const fresh = read(path).replaceAll(`"version": "${old}"`, (all) =>
      left-- > 0 ? `"version": "${version}"` : all,
    )
    writeFileSync(join(ROOT, path), fresh)
  }
}

/** A sentence for each place that says something else. */
function problems(version: string): string[] {
  const found: string[] = []
  if (current() !== version) found.push(`package.json says ${current()}, not ${version}`)
  const lock = JSON.parse(read('package-lock.json')) as {
    version: string
    packages: Record<string, { version?: string }>
  }
  if (lock.version !== version || lock.packages['']?.version !== version)
    found.push(`package-lock.json says another version than ${version}`)
  for (const [said] of read(KREW_MANIFEST).matchAll(KREW))
    if (said !== version) found.push(`${KREW_MANIFEST} names ${said}, not ${version}`)
  for (const path of files())
    for (const [said] of read(path).matchAll(IMAGE))
      if (said !== version) found.push(`${path} names the image of ${said}, not ${version}`)
  return found
}

/** What the changelog says of a version; undefined without a section for it. */
function notes(version: string): string | undefined {
  const section = read('CHANGELOG.md')
    .split(/^## /m)
    .find((text) => text.startsWith(`[${version}]`))
  return section?.slice(section.indexOf('\n')).trim()
}

function main(): number {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean', default: false }, notes: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const [version] = positionals
  if (version === undefined ? !values.check : !VERSION.test(version)) {
    console.error('Give a version, such as 0.2.0; or --check, with or without one; or --notes and one.')
    return 2
  }
  if (values.notes) {
    const text = notes(version!)
    console.log(text ?? `CHANGELOG.md has no section for ${version}`)
    return text === undefined ? 1 : 0
  }
  if (!values.check) {
    write(version!)
    return 0
  }
  const found = problems(version ?? current())
  if (version !== undefined && notes(version) === undefined)
    found.push(`CHANGELOG.md has no section for ${version}`)
  for (const problem of found) console.error(problem)
  return found.length === 0 ? 0 : 1
}

process.exitCode = main()
