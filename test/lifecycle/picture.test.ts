/** The picture of the lifecycle shows the table, whole, and the one in docs/ is that picture. */
import { readFileSync } from 'node:fs'
import tap from 'tap'
import { TABLE } from '../../src/proxy/lifecycle/machine.ts'
import { drawLifecycle } from '../../scripts/lifecycle-picture.ts'
import { DOCUMENT } from '../../scripts/picture-style.ts'
import { PHASES } from '../../src/proxy/lifecycle/state.ts'

const svg = drawLifecycle(DOCUMENT)

void tap.test('docs/lifecycle.svg is not stale (npm run docs)', async (t) => {
  const drawn = readFileSync(new URL('../../docs/lifecycle.svg', import.meta.url), 'utf8')
  t.ok(drawn === svg, 'the file is what the table draws')
})

void tap.test('every phase and everything that a row says is in it', async (t) => {
  for (const phase of PHASES) {
    t.ok(svg.includes(`>${phase}</text>`), phase)
    for (const row of Object.values(TABLE[phase]).flat() as { says?: string; to?: string }[]) {
      if (row.says !== undefined && row.to !== undefined) t.ok(svg.includes(row.says), row.says)
    }
  }
})

void tap.test('it is well-formed: every element is closed, nothing is off the page', async (t) => {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []
  t.notMatch(svg, /NaN|undefined/)
  for (const [, x, y] of svg.matchAll(/<text x="([^"]+)" y="([^"]+)"/g)) {
    t.ok(Number(x) > 0 && Number(x) < Number(width) && Number(y) > 0 && Number(y) < Number(height))
  }
  t.equal(svg.match(/<text/g)?.length, svg.match(/<\/text>/g)?.length)
  t.notMatch(svg.replaceAll(/<text[^>]*>[^<]*<\/text>/g, ''), /<(?:path|rect)[^>]*[^/]>/)
})
