/** The page as one document: the policy lets its own script and style run and nothing else, and it needs nothing more. */
import { createHash } from 'node:crypto'
import tap from 'tap'
import { drawLifecycle } from '../../scripts/lifecycle-picture.ts'
import { PAGE_PICTURE } from '../../scripts/picture-style.ts'
import { PAGE, PAGE_POLICY } from '../../src/proxy/admin/page.ts'
import { PHASES } from '../../src/proxy/lifecycle/state.ts'

/** The content of each element of this name. */
const contents = (tag: string) =>
  [...PAGE.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(([, text]) => text!)
const directives = new Map(PAGE_POLICY.split('; ').map((text) => text.split(/ (.*)/s, 2) as [string, string]))

void tap.test('the policy names the one script and the one style by their hashes', async (t) => {
  for (const tag of ['script', 'style']) {
    const [content, ...more] = contents(tag)
    t.same(more, [])
    const hash = createHash('sha256').update(content!).digest('base64')
    t.equal(directives.get(`${tag}-src`), `'sha256-${hash}'`)
  }
  t.equal(directives.get('default-src'), "'none'")
  t.equal(directives.get('connect-src'), "'self'")
  for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
    t.equal(directives.get(name), "'none'", name)
  t.notMatch(PAGE_POLICY, /unsafe|\*|https?:/)
})

void tap.test('it names no other resource, and no script or style outside of those', async (t) => {
  const rest = PAGE.replaceAll(/<(script|style)>.*?<\/\1>/gs, '')
  t.notMatch(rest, /<(script|style)\b[^>]*\w/, 'with attributes, such as src')
  t.notMatch(rest, / on\w+=| style=/)
  t.same(
    [...rest.matchAll(/\b(?:src|href|action)\s*=\s*"([^"]*)/g)].map(([, url]) => url!.slice(0, 15)),
    ['data:image/svg+', 'status'],
  )
  t.notMatch(PAGE.replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\//)
  t.notMatch(
    contents('script')[0]!,
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|localStorage|sessionStorage|document\.cookie/,
  )
})

void tap.test('it holds the picture that the table of the lifecycle draws, whole', async (t) => {
  const picture = drawLifecycle(PAGE_PICTURE)
  t.ok(PAGE.includes(picture.replace(' xmlns="http://www.w3.org/2000/svg"', '').trimEnd()))
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(picture)!.map(Number)
  for (const phase of PHASES) t.match(picture, `<g class="phase" data-phase="${phase}">`)
  for (const [, x, y] of picture.matchAll(/<(?:text|rect)[^>]* x="([^"]+)" y="([^"]+)"/g))
    t.ok(Number(x) > 0 && Number(x) < width! && Number(y) > 0 && Number(y) < height!)
  for (const [, x] of picture.matchAll(/M(\d+) \d+[HV]/g)) t.ok(Number(x) > 0 && Number(x) < width!)
})
