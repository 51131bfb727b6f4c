/** The clients in the cluster: started as a Job, asked for their counts by way of the API server. */
import type { Held } from '../../images/load-client/held.ts'
import type { LoadReport } from '../../images/load-client/main.ts'
import { until } from '../fixtures/until.ts'
import type { Kubectl } from './kubectl.ts'
import { client, CLIENT_PORT, type Images } from './objects.ts'

const READY_MS = 180_000

export class Clients {
  readonly #kubectl: Kubectl
  readonly #pod: string

  private constructor(kubectl: Kubectl, pod: string) {
    this.#kubectl = kubectl
    this.#pod = pod
  }

  /** Starts them; `args` are theirs. Resolves when they are at work. */
  static async start(
    kubectl: Kubectl,
    name: string,
    images: Images,
    args: readonly string[],
  ): Promise<Clients> {
    await kubectl.apply([client(name, images, args)])
    const pods = ['get', 'pods', '-l', `job-name=${name}`]
    const pod = await until(
      `the pod of job ${name}`,
      async () => (await kubectl.run([...pods, '-o', 'jsonpath={.items[0].metadata.name}'])).trim(),
      READY_MS,
      500,
    )
    await kubectl.run(['wait', '--for=condition=Ready', `pod/${pod}`, `--timeout=${READY_MS / 1000}s`])
    return new Clients(kubectl, pod)
  }

  /** What they have seen so far, in times of this machine's clock. */
  report(): Promise<LoadReport> {
    return this.#ask('/report')
  }

  /** Ends them, waits for what is under way, and reports. */
  stop(): Promise<LoadReport> {
    return this.#ask('/stop')
  }

  /** What was under way from `from` to `to`, times of this machine's clock. */
  held(from: number, to: number): Promise<Held> {
    const late = this.#lateMs
    return this.#kubectl.get(this.#pod, CLIENT_PORT, `/held?from=${from - late}&to=${to - late}`)
  }

  async #ask(path: string): Promise<LoadReport> {
    const askedAt = Date.now()
    const report = await this.#kubectl.get<LoadReport>(this.#pod, CLIENT_PORT, path)
    // An answer to /stop takes seconds: it says little of how the clocks differ.
    this.#latest = Math.min(this.#latest, Date.now() - report.now)
    if (path === '/report') this.#earliest = Math.max(this.#earliest, askedAt - report.now)
    const late = this.#lateMs
    return {
      ...report,
      failures: report.failures.map((one) => ({
        ...one,
        startedAt: one.startedAt + late,
        endedAt: one.endedAt + late,
      })),
      byPod: Object.fromEntries(
        Object.entries(report.byPod).map(([pod, one]) => [
          pod,
          one.lastConnectionAt === undefined
            ? one
            : { ...one, lastConnectionAt: one.lastConnectionAt + late },
        ]),
      ),
    }
  }

  /** This machine's clock less the clients', at least and at most: each answer was given between question and arrival. */
  #earliest = -Infinity
  #latest = Infinity

  /** Nought if the clocks may be the same one, as they are on one machine. */
  get #lateMs(): number {
    if (this.#earliest <= 0 && this.#latest >= 0) return 0
    return Math.round((this.#earliest + this.#latest) / 2)
  }
}
