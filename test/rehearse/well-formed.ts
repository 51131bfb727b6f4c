/**
 * Whether a text is well-formed XML, as far as our own pictures and reports use XML: elements, attributes, text, entities.
 * And whether a report loads or runs anything.
 */
import { createHash } from 'node:crypto'

const TAG = /^<(?:(\/)([a-z][a-z0-9]*)|([a-z][a-z0-9]*)((?: [A-Za-z][A-Za-z0-9-]*="[^"<]*")*) ?(\/)?)>$/
const LOOSE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|#\d+);)/
// oxlint-disable-next-line no-control-regex -- they have no place in XML 1.0
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

/**
 * Says what a report does beyond being read; undefined if nothing: it has no script, no handler, no address of anything
 * outside of it, a policy that would stop them all, and one style sheet, which the policy allows by its hash.
 */
export function active(html: string): string | undefined {
  const body = html.replace(/^<!doctype html>\n/, '')
  const wrong = malformed(body)
  if (wrong !== undefined) return wrong
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(body)?.[1] ?? ''
  if (!policy.startsWith("default-src 'none'; style-src 'sha256-")) return `policy: ${policy}`
  if (/unsafe|\*|https?:/.test(policy)) return `policy: ${policy}`
  const styles = Array.from(body.matchAll(/<style>(.*?)<\/style>/gs), ([, text]) => text!)
  const hash = createHash('sha256')
    .update(styles[0] ?? '')
    .digest('base64')
  if (styles.length !== 1 || !policy.includes(`'sha256-${hash}'`))
    return 'a style sheet that the policy stops'
  for (const [tag] of body.matchAll(/<[a-z][^>"]*(?:"[^"]*"[^>"]*)*>/g)) {
    if (/^<(?:script|iframe|object|embed|img|base|form|audio|video|source|foreignObject)\b/i.test(tag))
      return tag
    if (
      / (?:on[a-z]+|style|src|srcset|action|formaction|ping|xlink)=/i.test(tag.replaceAll(/"[^"]*"/g, '""'))
    )
      return tag
    const address = / href="([^"]*)"/.exec(tag)?.[1] ?? ''
    if (address !== '' && address !== 'data:,' && !address.startsWith('#')) return tag
    if (address.startsWith('#') && !body.includes(` id="${address.slice(1)}"`)) return `leads nowhere: ${tag}`
  }
  if (/@import|url\(/.test(styles[0]!)) return 'a style sheet that loads something'
  const ids = Array.from(body.matchAll(/ id="([^"]*)"/g), ([, id]) => id)
  return new Set(ids).size === ids.length ? undefined : 'an id that is there twice'
}

/** Says what is wrong; undefined if nothing is. */
export function malformed(xml: string): string | undefined {
  if (LOOSE_AMPERSAND.test(xml) || FORBIDDEN.test(xml)) return 'text that is not escaped'
  const open: string[] = []
  for (const [tag] of xml.matchAll(/<[^>"]*(?:"[^"]*"[^>"]*)*>/g)) {
    const found = TAG.exec(tag)
    if (found === null) return `no tag: ${tag}`
    const [, closing, closed, opened, , empty] = found
    if (closing !== undefined) {
      if (open.pop() !== closed) return `${tag} closes what is not open`
    } else if (empty === undefined) open.push(opened!)
  }
  return open.length === 0 ? undefined : `left open: ${open.join(', ')}`
}
