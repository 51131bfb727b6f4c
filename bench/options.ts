/** The command line of the benchmark. */

import { parseArgs } from 'node:util'
import { BY_PATH } from './peers/catalog.ts'

export interface BenchOptions {
  readonly scenarios: readonly string[]
  readonly rounds: number | undefined
  readonly peers: readonly string[] | undefined
  readonly pace: number
  readonly paths: ReadonlyMap<string, string>
  readonly name: string
  readonly docs: boolean
  readonly help: boolean
}

export const HELP = `npm run bench -- [SCENARIO...] [options]

Without a SCENARIO: a full round, which leaves out websocket, http2 and grpc to stay under ten minutes; name them.

  --rounds N        repeat each scenario so often
  --peers A,B       only these peers (direct is measured all the same)
  --pace FACTOR     multiply all durations: 3 for a quiet, long run
  --name NAME       results go to bench/results/NAME.json, .md and -*.svg (default: latest)
  --docs            put the table and the plots into docs/performance.md
${BY_PATH.map((name) => `  --${name} PATH`.padEnd(26) + 'measure this one too').join('\n')}
`

/** Reads the command line; throws on what it does not know. */
export function readOptions(argv: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      rounds: text,
      peers: text,
      pace: text,
      name: text,
      docs: flag,
      help: flag,
      envoy: text,
      'linkerd2-proxy': text,
      'queue-proxy': text,
    },
  })
  const paths = new Map<string, string>()
  for (const name of BY_PATH) {
    const path = values[name]
    if (path !== undefined) paths.set(name, path)
  }
  return {
    scenarios: positionals,
    rounds: values.rounds === undefined ? undefined : positive('--rounds', values.rounds),
    peers: values.peers?.split(','),
    pace: values.pace === undefined ? 1 : positive('--pace', values.pace),
    paths,
    name: fileName(values.name ?? 'latest'),
    docs: values.docs,
    help: values.help,
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${name} ${text}: not a number above 0`)
  return value
}

function fileName(text: string): string {
  if (!/^[\w.-]+$/.test(text)) throw new Error(`--name ${text}: must be a file name, without a folder`)
  return text
}
