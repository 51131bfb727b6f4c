/**
 * The page of the admin port as one module, src/proxy/admin/page.ts, made of src/page: its HTML with the picture of the
 * lifecycle, its style and its script inside, and the policy that lets the browser run these two and nothing else.
 * Committed, so that the sources run without a build step; a test holds that it is fresh.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { drawLifecycle } from './lifecycle-picture.ts'
import { PAGE_PICTURE } from './picture-style.ts'

const SOURCES = new URL('../src/page/', import.meta.url)

/** The text of src/proxy/admin/page.ts. */
export function pageModule(): string {
  const style = bundled('page.css')
  const script = bundled('main.ts')
  if (/<\/(?:script|style)|<!--/i.test(style + script))
    throw new Error('the script or style of the page would end its element')
  const picture = drawLifecycle(PAGE_PICTURE).replace(' xmlns="http://www.w3.org/2000/svg"', '')
  const html = readFileSync(new URL('page.html', SOURCES), 'utf8')
    .replaceAll(/^\s+/gm, '')
    .replace(/\s*<!-- style -->\s*/, () => style)
    .replace('<!-- picture -->', () => picture.trimEnd())
    .replace(/\s*<!-- script -->\s*/, () => script)
  const lines = html
    .trimEnd()
    .split('\n')
    .map((line) => `  ${JSON.stringify(line)},`)
  return [
    '/** The page of the admin port, and its Content-Security-Policy. Made by `npm run docs` of src/page; do not edit. */',
    'export const PAGE_POLICY =',
    `  ${JSON.stringify(policy(style, script))}`,
    'export const PAGE = [',
    ...lines,
    "].join('\\n')",
    '',
  ].join('\n')
}

/** With all that it imports, as small as can be. */
function bundled(entry: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(entry, SOURCES))],
    bundle: true,
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    write: false,
    tsconfigRaw: '{}',
  })
  return outputFiles[0]!.text.trim()
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function policy(style: string, script: string): string {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}
