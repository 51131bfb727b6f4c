/** Every link from one page of the repository to another, or to a file, leads somewhere. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { brokenLinks, readPages } from '../fixtures/markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

void tap.test('every relative link of every page resolves', async (t) => {
  const pages = readPages(ROOT)
  for (const page of ['README.md', 'docs/options.md', 'docs/performance.md', 'k8s/README.md'])
    t.ok(pages.has(page), `${page} is read`)
  t.same(
    brokenLinks(pages, (path) => existsSync(join(ROOT, path))),
    [],
  )
})

void tap.test('a link that leads nowhere is found', async (t) => {
  const pages = new Map([
    [
      'README.md',
      '# One\n[a](docs/b.md) [b](docs/c.md) ![c](docs/d.svg) [d](https://e.org/f) [e](docs/b.md#two-words)\n',
    ],
    [
      'docs/b.md',
      '## Two: words\n## Twice\n## Twice\n[a](../README.md#one) [b](#twice-1) [c](#three)\n```\n[d](x.md)\n```\n',
    ],
  ])
  t.same(
    brokenLinks(pages, (path) => path === 'docs/e.svg'),
    ['README.md -> docs/c.md', 'README.md -> docs/d.svg', 'docs/b.md -> #three'],
  )
})
