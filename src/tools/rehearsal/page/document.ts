/**
 * A whole HTML document around a body: one file that loads nothing, runs nothing and says so in its
 * Content-Security-Policy. It is well-formed XML as well. Pure.
 */

import { createHash } from 'node:crypto'
import { clipped, type Markup, markup, trusted } from './markup.ts'
import { STYLE } from './style.ts'

const MOST_TITLE = 200

/** The document as text; `title` is plain text. */
export function documentOf(title: string, body: Markup): string {
  const hash = createHash('sha256').update(STYLE).digest('base64')
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="referrer" content="no-referrer"/>
<link rel="icon" href="data:,"/>
<title>${clipped(title, MOST_TITLE)}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.text
}
