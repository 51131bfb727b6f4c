/**
 * `npm run docs`: writes what the documentation must not say by heart: the picture of the lifecycle, drawn from its
 * table; the page of the rules of lastcall check and the table in docs/options.md, made from theirs. With `--check` it
 * writes nothing and exits 1 if something is stale, which a test holds.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { markdownTable } from '../src/cli/help.ts'
import { drawLifecycle } from './lifecycle-picture.ts'
import { bindingsPage } from '../src/tools/manifest/bindings-page.ts'
import { rulesPage } from '../src/tools/manifest/rules-page.ts'

const ROOT = new URL('../', import.meta.url)
const OPTIONS = /(?<=<!-- options -->\n).*?(?=<!-- \/options -->)/s

interface Page {
  readonly path: string
  /** What it should be, from what it is (empty if it is not there yet). */
  readonly make: (old: string) => string
}

const PAGES: readonly Page[] = [
  { path: 'docs/lifecycle.svg', make: drawLifecycle },
  { path: 'docs/rules.md', make: rulesPage },
  { path: 'docs/same-port.md', make: bindingsPage },
  { path: 'docs/options.md', make: withOptions },
]

/** Replaces what stands between the markers. Throws if they are missing. */
function withOptions(page: string): string {
  if (!OPTIONS.test(page)) throw new Error('docs/options.md has no <!-- options --> ... <!-- /options -->')
  return page.replace(OPTIONS, () => `\n${markdownTable()}\n\n`)
}

function read(path: string): string {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8')
  } catch {
    return ''
  }
}

const check = process.argv.includes('--check')
for (const { path, make } of PAGES) {
  const old = read(path)
  const text = make(old)
  if (text === old) continue
  if (check) process.exitCode = 1
  else writeFileSync(new URL(path, ROOT), text)
  console.log(check ? `${path} is stale: npm run docs` : `${path} written`)
}
