/** Suggests the known word that the user may have meant, for unknown flags, variables, values and commands. Pure. */

/** Returns the nearest of `known`, or undefined if none is near. Case and separators are ignored. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const wanted = squash(word)
  let best: { readonly name: string; readonly distance: number } | undefined
  for (const name of known) {
    const candidate = squash(name)
    const contained = wanted.length >= 4 && (candidate.includes(wanted) || wanted.includes(candidate))
    const distance = contained ? 1 : editDistance(wanted, candidate)
    if (best === undefined || distance < best.distance) best = { name, distance }
  }
  // Up to a third of the word wrong counts as a typing error; more makes it another word.
  return best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 3))
    ? best.name
    : undefined
}

/** Returns `; did you mean X?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const name = suggest(word, known)
  return name === undefined ? '' : `; did you mean ${name}?`
}

function squash(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, replaced, swapped ? beforeLast[j - 2]! + 1 : Infinity))
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
