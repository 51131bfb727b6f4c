/** A few strokes of SVG, enough for the benchmark's plots: text, lines, bars, a log scale, colours. Pure. */

/** lastcall stands out; everybody else keeps one colour in all plots. */
const COLOURS: Readonly<Record<string, string>> = {
  lastcall: '#d6336c',
  'lastcall plain': '#d6336c',
  'lastcall native': '#e8699a',
  haproxy: '#1971c2',
  nginx: '#2f9e44',
  caddy: '#0c8599',
  'http-proxy': '#e8590c',
  undici: '#9c6615',
  pipe: '#868e96',
  direct: '#495057',
  envoy: '#7048e8',
  'linkerd2-proxy': '#5f3dc4',
  'queue-proxy': '#087f5b',
}
const OTHER = '#868e96'
const INK = '#343a40'
const GRID = '#e9ecef'

export function colourOf(peer: string): string {
  return COLOURS[peer] ?? OTHER
}

/** A whole drawing on white, so that it can be read on any page. */
export function drawing(width: number, height: number, title: string, parts: readonly string[]): string {
  const font = 'font-family="system-ui, sans-serif" font-size="12"'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${font}>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(16, 24, title, { size: 15, weight: 600 }),
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly size?: number
  readonly weight?: number
  readonly fill?: string
}

export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { anchor = 'start', size = 12, weight = 400, fill = INK } = style
  const attributes = `x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}"`
  return `<text ${attributes} fill="${fill}">${escaped(words)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke = GRID, width = 1): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" stroke-width="${width}"/>`
}

export function bar(x: number, y: number, width: number, height: number, fill: string): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, width))}" height="${height}" rx="2" fill="${fill}"/>`
}

export function dot(x: number, y: number, radius: number, fill: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${fill}"/>`
}

export function polyline(
  points: readonly (readonly [number, number])[],
  stroke: string,
  width: number,
): string {
  const path = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"/>`
}

/** From [least, most] to [from, to], by magnitude. */
export function logScale(least: number, most: number, from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log10(least), Math.log10(most)]
  return (value) => from + ((Math.log10(Math.max(value, least)) - low) / (high - low)) * (to - from)
}

/** The powers of ten within a range, both ends included where they are such. */
export function decades(least: number, most: number): number[] {
  const powers: number[] = []
  for (let power = 10 ** Math.ceil(Math.log10(least)); power <= most; power *= 10) powers.push(power)
  return powers
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
