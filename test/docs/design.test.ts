/** The contract that comments cite as `DESIGN §n` is docs/design.md, and has the section and the passage that they name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { CATALOG } from '../../src/proxy/metrics/catalog.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/design.md'), 'utf8')

interface Citation {
  readonly from: string
  readonly section: number
  /** The passage within the section, as in `DESIGN §3, "One deadline"`. */
  readonly passage?: string
}

void tap.test('every DESIGN § in a comment is a section of docs/design.md', async (t) => {
  const cited = ['src', 'test', 'bench'].flatMap((folder) =>
    filesOf(folder).flatMap((path) => citations(path, readFileSync(join(ROOT, path), 'utf8'))),
  )
  t.ok(cited.length > 100, `${cited.length} citations are read`)
  t.same(
    [1, 2, 3, 4, 5, 6, 7].filter((n) => !cited.some(({ section }) => section === n)),
    [],
    'each section is cited',
  )
  t.same(unresolved(cited, page), [])
})

void tap.test('a citation of what is not there is found, across lines, too', async (t) => {
  const text =
    '/**\n * (DESIGN §3, "One\n * deadline") and DESIGN §1 to §9, RFC 9112 §8.\n * DESIGN\n * §2, "Nothing"\n */\n'
  t.same(unresolved(citations('a.ts', text), page), ['a.ts: DESIGN §9', 'a.ts: DESIGN §2, "Nothing"'])
})

void tap.test('docs/design.md lists every metric', async (t) => {
  for (const { name } of CATALOG) t.match(page, `\`${name}\``)
})

void tap.test('the glossary has at most 30 words, in alphabetical order', async (t) => {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  const words = [...text.slice(text.indexOf('## Glossary')).matchAll(/^\| ([^|]+) \|/gm)]
    .map(([, word = '']) => word)
    .filter((word) => word !== 'term')
  t.ok(words.length > 20 && words.length <= 30, `${words.length} words`)
  t.same(words, words.toSorted())
})

function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:ts|md)$/.test(name) && !name.startsWith('docs/'))
    .map((name) => join(folder, name))
}

/** What a file cites; a comment may break the line anywhere. `DESIGN §1 to §3` and `DESIGN §5 and §6` are two each. */
function citations(from: string, text: string): Citation[] {
  const flat = text.replaceAll(/\n\s*(?:\*|\/\/)\s*/g, ' ')
  const found: Citation[] = []
  for (const { groups = {} } of flat.matchAll(
    /DESIGN §(?<one>\d+)(?:, "(?<passage>[^"]+)")?(?:[^.;§]{0,40}? (?:to|and) §(?<two>\d+))?/g,
  )) {
    const { one, two, passage } = groups
    found.push({ from, section: Number(one), ...(passage !== undefined && { passage }) })
    if (two !== undefined) found.push({ from, section: Number(two) })
  }
  return found
}

function unresolved(cited: readonly Citation[], markdown: string): string[] {
  const sections = new Map(
    markdown
      .split(/^## /m)
      .slice(1)
      .map((text) => [Number.parseInt(text, 10), text] as const),
  )
  return cited.flatMap(({ from, section, passage }) => {
    const text = sections.get(section)
    const headings = [...(text ?? '').matchAll(/^### (.+)$/gm)].map(([, heading = '']) =>
      heading.toLowerCase(),
    )
    const known =
      passage === undefined || headings.some((heading) => heading.startsWith(passage.toLowerCase()))
    if (text !== undefined && known) return []
    return [`${from}: DESIGN §${section}${passage === undefined ? '' : `, "${passage}"`}`]
  })
}
