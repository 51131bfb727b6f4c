/** The configuration files of the peers: {{word}} stands for what differs from run to run. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Places } from './peer.ts'

/** Fills in a file of this folder, writes it into the peer's own folder, and answers its path. */
export function configure(name: string, places: Places): string {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8')
  const words: Readonly<Record<string, string | number>> = { ...places }
  const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (_, word: string) => {
    const value = words[word]
    if (value === undefined) throw new Error(`${name}: nothing is known of {{${word}}}`)
    return String(value)
  })
  const path = join(places.folder, name)
  writeFileSync(path, filled)
  return path
}
