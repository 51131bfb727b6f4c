/**
 * How the picture of the lifecycle looks: in docs/, with colors of its own, so that it reads on light and dark pages; on
 * the page of the admin port, small, with classes that the page's style paints and its script lights. Data only.
 */

/** What a thing of the picture is: its paint depends on that alone. */
export type Role = 'ground' | 'box' | 'name' | 'aside' | 'detail' | 'next' | 'ahead' | 'back' | 'end'

export interface PictureStyle {
  readonly box: {
    readonly x: number
    readonly width: number
    readonly height: number
    readonly gap: number
    readonly top: number
  }
  readonly lane: number
  /** Where the arrow to the next phase leaves its box, from the box's left edge. */
  readonly spine: number
  readonly pad: number
  /** From a box's top edge to the base line of its name, and of what stands beside and below. */
  readonly baseline: { readonly name: number; readonly aside: number; readonly details: readonly number[] }
  /** Of text in lanes: a guess at the width of a character. */
  readonly characterWidth: number
  /** How far a label that is longer than its lane stands beside it, to the right: of lanes on the left, on the right. */
  readonly beside: readonly [left: number, right: number]
  /** Attributes of the whole. */
  readonly whole: (width: number, height: number) => string
  readonly legend: boolean
  /** Labels of one arrow: at most so many characters in a line, and from one line to the next. */
  readonly lineCharacters: number
  readonly lineHeight: number
  readonly fill: Readonly<Record<Role, string>>
  readonly stroke: Readonly<Record<Role, string>>
  readonly halo: string
  /** Wraps what belongs to a phase or a way, for a script to find it. */
  readonly group: (attributes: Readonly<Record<string, string>>, content: readonly string[]) => string
  /** More text in a phase's box. */
  readonly extra: (right: number, y: number) => readonly string[]
}

const INK = '#24292f'
const AHEAD = '#57606a'
const BACK = '#1a7f37'
const END = '#b3261e'

const fill = (color: string) => ` fill="${color}"`
const stroke = (color: string) => ` stroke="${color}"`

export const DOCUMENT: PictureStyle = {
  box: { x: 232, width: 360, height: 68, gap: 60, top: 24 },
  lane: 42,
  spine: 180,
  pad: 14,
  baseline: { name: 22, aside: 22, details: [42, 59] },
  characterWidth: 7,
  beside: [-6, -6],
  whole: (width, height) =>
    `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"` +
    ` font-family="Helvetica, Arial, sans-serif" font-size="12" role="img" aria-label="The lifecycle of lastcall"`,
  legend: true,
  lineCharacters: 0,
  lineHeight: 15,
  fill: {
    ground: fill('#ffffff'),
    box: '',
    name: `${fill(INK)} font-weight="bold" font-size="15"`,
    aside: ` text-anchor="end"${fill(AHEAD)}`,
    detail: fill(INK),
    next: fill(INK),
    ahead: fill(AHEAD),
    back: fill(BACK),
    end: fill(END),
  },
  stroke: {
    ground: stroke('#d0d7de'),
    box: stroke(INK),
    name: '',
    aside: '',
    detail: '',
    next: ` fill="none"${stroke(INK)} stroke-width="1.4"`,
    ahead: ` fill="none"${stroke(AHEAD)} stroke-width="1.4"`,
    back: ` fill="none"${stroke(BACK)} stroke-width="1.4"`,
    end: ` fill="none"${stroke(END)} stroke-width="1.4"`,
  },
  halo: ' stroke="#ffffff" stroke-width="6" stroke-linejoin="round" paint-order="stroke"',
  group: (_, content) => content.join('\n'),
  extra: () => [],
}

export const PAGE_PICTURE: PictureStyle = {
  box: { x: 98, width: 208, height: 42, gap: 32, top: 8 },
  lane: 17,
  spine: 20,
  pad: 14,
  baseline: { name: 18, aside: 33, details: [] },
  characterWidth: 5,
  beside: [11, -4],
  whole: (width, height) =>
    `viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="picture-title" class="picture"`,
  legend: false,
  lineCharacters: 40,
  lineHeight: 11,
  fill: {
    ground: '',
    box: '',
    name: ' class="name"',
    aside: ' class="aside"',
    detail: '',
    next: ' class="next"',
    ahead: ' class="ahead"',
    back: ' class="back"',
    end: ' class="end"',
  },
  stroke: {
    ground: '',
    box: ' class="box"',
    name: '',
    aside: '',
    detail: '',
    next: ' class="line next"',
    ahead: ' class="line ahead"',
    back: ' class="line back"',
    end: ' class="line end"',
  },
  halo: '',
  group(attributes, content) {
    const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`)
    return `<g${named.join('')}>\n${content.join('\n')}\n</g>`
  },
  extra: (right, y) => [`<text x="${right}" y="${y}" class="took"></text>`],
}
