/** Whether a text is well-formed XML, as far as our own pictures use XML: elements, attributes, text, entities. */

const TAG = /^<(?:(\/)([a-z]+)|([a-z]+)((?: [A-Za-z-]+="[^"<]*")*) ?(\/)?)>$/
const LOOSE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|#\d+);)/
// oxlint-disable-next-line no-control-regex -- they have no place in XML 1.0
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

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
