/**
 * Durations, sizes and counts as people write them, and back. Pure; never throws. A number without a unit is refused
 * (DESIGN §5): `3` could be seconds or milliseconds, and a wrong guess is only noticed at the next rollout.
 */

/**
 * The result of reading a text: a value in base units, or why it is wrong, as a phrase that says what a correct one
 * looks like.
 */
export type Reading<T> = { readonly kind: 'ok'; readonly value: T } | Bad
export interface Bad {
  readonly kind: 'bad'
  readonly why: string
}

export function ok<T>(value: T): Reading<T> {
  return { kind: 'ok', value }
}

export function bad(why: string): Bad {
  return { kind: 'bad', why }
}

const DURATION_UNITS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
/** Node's timers fire at once for more than 2^31-1 ms. */
const MAX_DURATION_MS = 596 * 3_600_000

const SIZE_UNITS = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])
const MAX_SIZE_BYTES = 1024 ** 4
/** As many digits as a double holds exactly. */
const EXACT_DIGITS = 15

/** `500ms`, `3s`, `1.5s`, `2m`, `1h` to milliseconds; anything finer than a millisecond is refused. */
export function parseDuration(text: string): Reading<number> {
  if (/^\d+(\.\d+)?$/.test(text)) return bad(`add a unit: ${text}s or ${text}ms`)
  const ms = scaled(text, DURATION_UNITS)
  if (ms === undefined) return bad('not a duration; write it like 500ms, 3s, 1.5s or 2m')
  if (!Number.isInteger(ms)) return bad('finer than a millisecond; write it like 500ms or 1.5s')
  if (ms > MAX_DURATION_MS) return bad('too long; at most 596h')
  return ok(ms)
}

/** Milliseconds to text that `parseDuration` reads: `250ms`, `1.5s`, `620s`. Seconds, as in a pod's manifest. */
export function printDuration(ms: number): string {
  return ms > 0 && ms < 1000 ? `${ms}ms` : `${ms / 1000}s`
}

/** `512B`, `32KiB`, `1.5MiB` to bytes; powers of 1024 only. */
export function parseSize(text: string): Reading<number> {
  if (/^\d+(\.\d+)?$/.test(text)) return bad(`add a unit: ${text}B or ${text}KiB`)
  const bytes = scaled(text, SIZE_UNITS)
  if (bytes === undefined) return bad(`not a size; write it like 512B, 32KiB or 1MiB${sizeHint(text)}`)
  if (!Number.isInteger(bytes)) return bad('not a whole number of bytes; write it like 512B or 32KiB')
  if (bytes > MAX_SIZE_BYTES) return bad('too large; at most 1024GiB')
  return ok(bytes)
}

/** Bytes to text that `parseSize` reads, in the largest unit that divides them: `32KiB`, `1500B`. */
export function printSize(bytes: number): string {
  const [name, factor] = [...SIZE_UNITS].findLast(([, unit]) => bytes >= unit && bytes % unit === 0) ?? [
    'B',
    1,
  ]
  return `${bytes / factor}${name}`
}

/** A whole number from `min` up. */
export function parseCount(text: string, min: number): Reading<number> {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : undefined
  if (value === undefined) return bad(`not a whole number; write it like ${Math.max(min, 3)}`)
  return value < min ? bad(`too small; at least ${min}`) : ok(value)
}

/** `<digits>[.<digits>]<unit>` in base units, or undefined. Scales before dividing, so that 1.005s is 1005 ms. */
function scaled(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, whole, fraction = '', unit = ''] = /^(\d{1,15})(?:\.(\d{1,6}))?([A-Za-z]+)$/.exec(text) ?? []
  const factor = units.get(unit)
  if (whole === undefined || factor === undefined || (whole + fraction).length > EXACT_DIGITS)
    return undefined
  return (Number(whole + fraction) * factor) / 10 ** fraction.length
}

function sizeHint(text: string): string {
  const [, unit] = /^[\d.]+([kKmMgG])i?[bB]?$/.exec(text) ?? []
  return unit === undefined ? '' : ` (${unit.toUpperCase()}iB: 1024 to the step)`
}
