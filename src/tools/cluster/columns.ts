/** Tables as kubectl prints them: upper-case headings, three blanks between columns. Pure. */

const GAP = 3

/** The lines of a table; none if there are no rows. */
export function columns(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const all = [headings, ...rows]
  const widths = headings.map((_, i) => Math.max(...all.map((row) => row[i]!.length)))
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]! + GAP))
      .join('')
      .trimEnd(),
  )
}

/** A length of time as kubectl's AGE has it: `7.2s` below ten seconds, then `12s`, `4m5s`, `3h20m`, `5d`. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${(Math.floor(seconds * 10) / 10).toFixed(1)}s`
  const whole = Math.floor(seconds)
  if (whole < 120) return `${whole}s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return whole % 60 === 0 ? `${minutes}m` : `${minutes}m${whole % 60}s`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  return `${Math.floor(hours / 24)}d`
}

/** `1 pod`, `3 pods` */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
