/** The clients in the cluster: started as a Job, asked for their counts by way of the API server. */
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

  async #ask(path: string): Promise<LoadReport> {
    const askedAt = Date.now()
    const report = await this.#kubectl.get<LoadReport>(this.#pod, CLIENT_PORT, path)
    // An answer to /stop takes seconds: only a quick one says how the clocks differ.
    const quick = path === '/report'
    if (quick) this.#lateMs = (askedAt + Date.now()) / 2 - report.now
    const late = Math.round(this.#lateMs)
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

  /** This machine's clock less the clients'. */
  #lateMs = 0
}
