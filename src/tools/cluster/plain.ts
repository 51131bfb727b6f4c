/** Texts that pods write (last words, answers): a terminal would obey what is among them. Pure. */

const LONGEST = 1000

/** The text in one line, of printable characters only, and not too long. */
export function plain(text: string): string {
  return text
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[^ -~]/g, '?')
    .slice(0, LONGEST)
}
