/**
 * The mixed clients of the rehearsal as a program for a pod: `node main.ts http://service [density]`. None of them
 * retries. Answers on port 8090, to whoever runs the experiment: GET /report (so far), GET /stop (ends the load, waits
 * for what is under way, and reports).
 */
import { createServer } from 'node:http'
import { Load } from '../../src/rehearsal/load.ts'
import { fullMix } from '../../src/rehearsal/mix.ts'
import { Random } from '../../src/rehearsal/random.ts'

export interface LoadReport {
  readonly requests: number
  readonly failed: number
  /** By client and reason, how many. */
  readonly failures: Readonly<Record<string, number>>
  readonly byClient: Readonly<Record<string, number>>
  /** Requests answered by each pod. */
  readonly byPod: Readonly<Record<string, number>>
  readonly slowestMs: number
}

const PORT = 8090
const [origin = '', density = '1'] = process.argv.slice(2)
const load = new Load(origin, fullMix(Number(density)), new Random(Date.now()))

function report(): LoadReport {
  const { requests } = load
  const failed = requests.filter(({ failure }) => failure !== undefined)
  return {
    requests: requests.length,
    failed: failed.length,
    failures: count(failed.map(({ client, failure }) => `${client}: ${failure}`)),
    byClient: count(requests.map(({ client }) => client)),
    byPod: count(requests.map(({ pod }) => pod ?? 'none')),
    slowestMs: Math.round(requests.reduce((most, one) => Math.max(most, one.endedAt - one.startedAt), 0)),
  }
}

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

const server = createServer((request, response) => {
  const settled = request.url === '/stop' ? load.stop() : Promise.resolve()
  void settled.then(() => response.end(JSON.stringify(report())))
})
server.listen(PORT)
process.on('SIGTERM', () => process.exit(0))
