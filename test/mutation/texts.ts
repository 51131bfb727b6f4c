/**
 * A plugin for Stryker: texts for people are not mutated. What has a space in it is a text; words without one (phases,
 * causes, fields) decide something.
 */

interface Path {
  readonly node: {
    readonly type: string
    readonly value?: unknown
    readonly quasis?: readonly { readonly value: { readonly raw: string } }[]
  }
}

function shouldIgnore({ node }: Path): string | undefined {
  const parts = node.quasis?.map(({ value }) => value.raw) ?? [node.value]
  const literal = node.type === 'StringLiteral' || node.type === 'TemplateLiteral'
  const isText = literal && parts.some((part) => typeof part === 'string' && part.includes(' '))
  return isText ? 'a text for people' : undefined
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'texts', value: { shouldIgnore } }]
