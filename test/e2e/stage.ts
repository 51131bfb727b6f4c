/**
 * One app in the cluster with its clients, and what is done to it: each step is timed and gets the requests that ended
 * in it. The steps themselves are in steps.ts.
 */
import type { Held } from '../../images/load-client/held.ts'
import type { FailureReport, LoadReport } from '../../images/load-client/main.ts'
import { Clients } from './clients.ts'
import { injected } from './inject.ts'
import type { Kubectl } from './kubectl.ts'
import { ADMIN_PORT, type Form, GRPC_SERVICE_PORT, type Images, OWN_LABEL, type Part } from './objects.ts'
import { type PodStory, Pods } from './pods.ts'
import { byDeath, details, difference, failureLine, mortal, type Row, stopped } from './table.ts'

export interface Cast {
  readonly kubectl: Kubectl
  readonly form: Form
  readonly images: Images
  /** The name of the Deployment and of the Service. */
  readonly name: string
  /** Without lastcall. */
  readonly objects: readonly Part[]
  /** Options of lastcall. */
  readonly options: readonly string[]
  /** How many ports the app has. */
  readonly ports: 'one' | 'two'
  /** What the clients are told beside the address. */
  readonly clientArgs: readonly string[]
  readonly timeoutMs: number
  readonly say: (line: string) => void
}

/** How a step counts. */
export interface As {
  readonly form: Form
  readonly apart: boolean
}

/** What a step did not find as it should be; none if all went well. */
export type Step = (stage: Stage) => Promise<readonly string[]>

/** After a step, requests that it may have hurt get this long to fail. */
const CALM_MS = 5000
const PROGRESS_MS = 10_000
/** The API server that the watches come from is a little behind. */
const WATCH_MS = 1000

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export class Stage {
  readonly cast: Cast
  readonly pods = new Pods()
  readonly #stop = new AbortController()
  readonly #watches: Promise<void>[] = []
  #clients: Clients | undefined
  #before: LoadReport | undefined

  constructor(cast: Cast) {
    this.cast = cast
  }

  /** Deploys the app, and when it is available starts the clients. */
  async start(): Promise<void> {
    const { kubectl, form, images, name, objects, options, ports, clientArgs, say } = this.cast
    say(`${form}: deploying ${name}`)
    await kubectl.apply(await injected(objects, form, images, options))
    this.#watches.push(
      kubectl.watch(['get', 'pods', '-l', `app=${name}`], this.#stop.signal, (change) =>
        this.pods.pod(change, Date.now()),
      ),
      kubectl.watch(
        ['get', 'endpointslices', '-l', `kubernetes.io/service-name=${name}`],
        this.#stop.signal,
        (change) => this.pods.slice(change, Date.now()),
      ),
    )
    await this.available()
    const service = await kubectl.json<{ spec: { clusterIP: string } }>(['get', 'service', name])
    const { clusterIP } = service.spec
    const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP
    say(`${form}: starting the clients`)
    this.#clients = await Clients.start(kubectl, `${name}-clients`, images, [
      `http://${host}`,
      ...clientArgs,
      ...(ports === 'two' ? ['--grpc', `http://${host}:${GRPC_SERVICE_PORT}`] : []),
    ])
    this.#before = await this.#clients.report()
  }

  /**
   * Does one step under load, and says what came of it. `as`: what the pods become in it, if they are no longer as they
   * were deployed, and whether requests that an old pod takes with it are counted apart, because it is bare.
   */
  async run(step: string, act: Step, as: As = { form: this.cast.form, apart: false }): Promise<Row> {
    const { row } = await this.measure(step, act, as)
    for (const line of details(row).slice(1)) this.cast.say(line)
    return row
  }

  /** The same, with the failed requests as the clients told of them. */
  async measure(
    step: string,
    act: Step,
    as: As = { form: this.cast.form, apart: false },
  ): Promise<{ readonly row: Row; readonly failures: readonly FailureReport[] }> {
    const { say } = this.cast
    const { form } = as
    const before = this.#before!
    const startedAt = Date.now()
    say(`${form}: ${step}`)
    const progress = setInterval(() => void this.#progress(step, startedAt), PROGRESS_MS)
    let problems: readonly string[]
    let seconds: number
    try {
      problems = await act(this).catch((error: unknown) => [String(error)])
      seconds = (Date.now() - startedAt) / 1000
      await pause(CALM_MS)
    } finally {
      clearInterval(progress)
    }
    const after = await this.#clients!.report()
    this.#before = after
    const row = await this.#row(step, before, after, startedAt, seconds, problems, as)
    const apart = row.deaths === undefined ? '' : `, ${row.deaths} lost with bare pods`
    say(`${form}: ${step}: ${row.requests} requests, ${row.failed} failed${apart}, ${seconds.toFixed(1)} s`)
    return { row, failures: row.seen.failures }
  }

  /** Ends the load, and says what still came. */
  async end(): Promise<Row> {
    const startedAt = Date.now()
    const after = await this.#clients!.stop()
    return this.#row('end of the load', this.#before!, after, startedAt, (Date.now() - startedAt) / 1000, [])
  }

  /** Ends the watches and removes what was made. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#watches)
    const { kubectl, name } = this.cast
    const those = ['-l', `${OWN_LABEL},app in (${name}, ${name}-clients)`]
    await kubectl.run(['delete', 'jobs,deployments,services', ...those, '--wait=true'])
    await kubectl.run(['delete', 'pods', ...those, '--wait=true', '--timeout=120s'])
  }

  /** Waits until the Deployment has what it wants. */
  async available(): Promise<void> {
    const { kubectl, name, timeoutMs } = this.cast
    await kubectl.run(['rollout', 'status', `deployment/${name}`, `--timeout=${timeoutMs / 1000}s`])
  }

  /** The clients' counts now. */
  report(): Promise<LoadReport> {
    return this.#clients!.report()
  }

  /** What the clients had under way then. */
  held(from: number, to: number): Promise<Held> {
    return this.#clients!.held(from, to)
  }

  async #progress(step: string, startedAt: number): Promise<void> {
    try {
      const { requests, failed } = await this.#clients!.report()
      const before = this.#before!
      const { present } = this.pods
      const ready = present.filter((pod) => pod.ready).length
      const ending = present.filter((pod) => pod.deletedAt !== undefined).length
      this.cast.say(
        `  ${step}, ${Math.round((Date.now() - startedAt) / 1000)} s: ${requests - before.requests} requests, ` +
          `${failed - before.failed} failed; ${present.length} pods, ${ready} ready, ${ending} ending`,
      )
    } catch {
      // It is only for people; if the clients are gone, the end of the step says so.
    }
  }

  async #row(
    step: string,
    before: LoadReport,
    after: LoadReport,
    startedAt: number,
    seconds: number,
    problems: readonly string[],
    { form, apart }: As = { form: this.cast.form, apart: false },
  ): Promise<Row> {
    await pause(WATCH_MS)
    const all = after.failed - before.failed
    const unanswered = all === 0 ? [] : after.failures.slice(-all)
    const stories = [...this.pods.stories.values()]
    const ended = stories.filter(({ deletedAt }) => deletedAt !== undefined && deletedAt >= startedAt)
    const dying = form === 'bare' ? [] : mortal(stories, startedAt, apart)
    const failures = unanswered.filter((one) => !byDeath(one, dying))
    const deaths = unanswered.length - failures.length
    return {
      form,
      step,
      requests: after.requests - before.requests,
      failed: all - deaths,
      ...((apart || deaths > 0) && { deaths, apart }),
      crossed: after.crossed - before.crossed,
      seconds,
      readyMs: stories.flatMap(({ startedAt: from, firstReadyAt: to }) =>
        from !== undefined && to !== undefined && to >= startedAt ? [to - from] : [],
      ),
      stopped: ended.map((story) => stopped(story, after.byPod[story.name]?.lastConnectionAt)),
      returned: form === 'bare' ? [] : await this.#returned(stories, startedAt),
      failures: failures.map((failure) => failureLine(failure, this.pods.stories)),
      problems,
      seen: {
        // As they are now: a story goes on.
        pods: structuredClone(ended),
        failures,
        byClient: difference(before.byClient, after.byClient),
      },
    }
  }

  /** The verdicts of drains that pods came back from since then. */
  async #returned(stories: readonly PodStory[], since: number): Promise<string[]> {
    const there = stories.filter(({ deletedAt, goneAt }) => deletedAt === undefined && goneAt === undefined)
    const lines: string[] = []
    for (const { name } of there) {
      const status = await this.cast.kubectl.get<Status>(name, ADMIN_PORT, '/status').catch(() => undefined)
      const { verdict, since: phaseSince = '' } = status ?? {}
      if (verdict?.text !== undefined && Date.parse(phaseSince) >= since)
        lines.push(`${name}: ${verdict.text}`)
    }
    return lines
  }
}

interface Status {
  readonly since: string
  readonly verdict: { readonly text: string } | null
}
