/**
 * `npm run docs`: writes what the documentation must not say by heart: the picture of the lifecycle, drawn from its
 * table; the rooms and arrows of src, drawn from its imports; the page of the rules of lastcall check and the table in
 * docs/options.md, made from theirs; k8s/monitoring, made from the catalogue of metrics. With `--check` it writes nothing and exits 1 if something is stale, which a test holds.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { markdownTable } from '../src/cli/help.ts'
import { drawLifecycle } from './lifecycle-picture.ts'
import { dashboard } from './monitoring/dashboard.ts'
import { alertTable, podAnnotations, podMonitor, prometheusRule, rulesFile } from './monitoring/files.ts'
import { DOCUMENT } from './picture-style.ts'
import { pageModule } from './page.ts'
import { drawRooms } from './rooms.ts'
import { bindingsPage } from '../src/tools/manifest/bindings-page.ts'
import { rulesPage } from '../src/tools/manifest/rules-page.ts'
import { readSources } from '../test/fixtures/sources.ts'

const ROOT = new URL('../', import.meta.url)

interface Page {
  readonly path: string
  /** What it should be, from what it is (empty if it is not there yet). */
  readonly make: (old: string) => string
}

const PAGES: readonly Page[] = [
  { path: 'docs/lifecycle.svg', make: () => drawLifecycle(DOCUMENT) },
  { path: 'src/proxy/admin/page.ts', make: pageModule },
  { path: 'docs/rules.md', make: rulesPage },
  { path: 'docs/same-port.md', make: bindingsPage },
  { path: 'docs/options.md', make: (page) => withPart(page, 'options', markdownTable()) },
  { path: 'docs/monitoring.md', make: (page) => withPart(page, 'alerts', alertTable()) },
  { path: 'k8s/monitoring/dashboard.json', make: dashboard },
  { path: 'k8s/monitoring/pod-annotations.yaml', make: podAnnotations },
  { path: 'k8s/monitoring/pod-monitor.yaml', make: podMonitor },
  { path: 'k8s/monitoring/prometheus-rule.yaml', make: prometheusRule },
  { path: 'k8s/monitoring/rules.yaml', make: () => rulesFile() },
  { path: 'docs/architecture.md', make: (page) => withPart(page, 'rooms', rooms()) },
]

/** Replaces what stands between `<!-- name -->` and `<!-- /name -->`. Throws if they are missing. */
function withPart(page: string, name: string, text: string): string {
  const part = new RegExp(`(?<=<!-- ${name} -->\\n).*?(?=<!-- /${name} -->)`, 's')
  if (!part.test(page)) throw new Error(`a page has no <!-- ${name} --> ... <!-- /${name} -->`)
  return page.replace(part, () => `\n${text}\n\n`)
}

function rooms(): string {
  const sources = readSources(fileURLToPath(new URL('src/', ROOT)))
  return `\`\`\`mermaid\n${drawRooms(sources.values())}\n\`\`\``
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
