/**
 * A stand-in for the kubelet, for one pod: starts its containers, probes them, and ends them in the kubelet's exact
 * order (FIELD.md sections 3.1 to 3.3, Kubernetes 1.36): hooks of all containers in parallel; per container hook, then
 * (native sidecar) its turn, then SIGTERM with what is left of the grace period but at least 2 s, then SIGKILL.
 * Readiness is probed to the very end. Knows nothing of what runs in the containers.
 */

import { Container } from './container.ts'
import type { EndpointState } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import { pause, within } from './pause.ts'
import type { ContainerSpec, PodSpec } from './pod-spec.ts'
import { HookCaller, probeOnce } from './probe.ts'

/** minimumGracePeriodInSeconds of the kubelet: what a container has left after its hook, however late that is. */
const LEAST_GRACE_MS = 2000
const RESTART_DELAY_MS = 1000

export interface PodOptions {
  readonly note: (event: PodEvent) => void
  /** Told each time when the pod's endpoint changes. */
  readonly endpoint: (state: EndpointState) => void
}

interface Slot {
  readonly spec: ContainerSpec
  /** What all runs of this container said. */
  readonly lines: string[]
  run: Container | undefined
  started: boolean
  ready: boolean
  /** Being stopped by us, so that its end is no crash. */
  stopping: boolean
}

export class Pod {
  readonly spec: PodSpec
  readonly #options: PodOptions
  readonly #slots: readonly Slot[]
  readonly #hooks = new HookCaller()
  /** Aborted at deletion: liveness and startup probes end, nothing is started again. */
  readonly #terminating = new AbortController()
  /** Aborted when the pod is gone. */
  readonly #gone = new AbortController()
  readonly #firstReady = Promise.withResolvers<void>()
  #announced: EndpointState = 'out'
  #deletion: Promise<void> | undefined

  constructor(spec: PodSpec, options: PodOptions) {
    this.spec = spec
    this.#options = options
    this.#slots = spec.containers.map((container) => ({
      spec: container,
      lines: [],
      run: undefined,
      started: false,
      ready: false,
      stopping: false,
    }))
    // A pod that nobody waits for may fail all the same: `delete` tells no one.
    this.#firstReady.promise.catch(() => {})
  }

  /** Starts the containers; answers when the pod is ready. Rejects after `withinMs`, with what the containers said. */
  async start(withinMs: number): Promise<void> {
    this.#note('created')
    void this.#startAll()
    if (!(await within(withinMs, this.#firstReady.promise))) {
      throw new Error(`${this.spec.name} is not ready after ${withinMs} ms\n${this.#said()}`)
    }
  }

  /** What a container has said, line by line; undefined if there is none of that name. */
  lines(container: string): readonly string[] | undefined {
    return this.#slots.find((slot) => slot.spec.name === container)?.lines
  }

  /**
   * Ends the pod: the endpoint leaves at once, the containers in the kubelet's order. Answers when all are gone.
   * `graceMs` replaces the pod's own grace period; 0 kills without hooks.
   */
  delete(graceMs = this.spec.graceMs): Promise<void> {
    this.#deletion ??= this.#delete(graceMs)
    return this.#deletion
  }

  /** Ends one container and starts it again, as a failed liveness probe does: hook, SIGTERM, SIGKILL, start. */
  async restart(container: string): Promise<void> {
    const slot = this.#slots.find((candidate) => candidate.spec.name === container)
    if (slot === undefined || slot.stopping || this.#terminating.signal.aborted) return
    slot.stopping = true
    this.#note('restarting', slot.spec.name)
    await this.#stop(slot, this.spec.graceMs, Promise.resolve())
    slot.stopping = false
    if (!this.#terminating.signal.aborted) await this.#run(slot)
  }

  async #startAll(): Promise<void> {
    // Init containers one after the other, each after the startup probe of the one before; then the main ones.
    for (const slot of this.#slots) {
      if (this.#terminating.signal.aborted) return
      const started = this.#run(slot)
      if (slot.spec.role === 'native') await started
    }
  }

  /** Starts a container and its probes; answers when its startup probe has succeeded, or it has ended. */
  async #run(slot: Slot): Promise<void> {
    const { spec } = slot
    const run = new Container(spec, slot.lines)
    slot.run = run
    this.#note('started', spec.name)
    void run.exited.then((how) => this.#ended(slot, run, how))
    if (spec.startup !== undefined) {
      const alive = AbortSignal.any([run.over, this.#terminating.signal])
      while (!(await probeOnce(spec.startup))) {
        if (!(await pause(spec.startup.periodMs, alive))) return
      }
    }
    if (!run.running) return
    slot.started = true
    slot.ready = spec.readiness === undefined
    this.#judge()
    void this.#watchReadiness(slot, run)
    void this.#watchLiveness(slot, run)
  }

  async #watchReadiness(slot: Slot, run: Container): Promise<void> {
    const probe = slot.spec.readiness
    if (probe === undefined) return
    let failures = 0
    const alive = AbortSignal.any([run.over, this.#gone.signal])
    do {
      const ok = await probeOnce(probe)
      if (!run.running) return
      failures = ok ? 0 : failures + 1
      if (ok) slot.ready = true
      else if (failures >= probe.failures) slot.ready = false
      this.#judge()
    } while (await pause(probe.periodMs, alive))
  }

  async #watchLiveness(slot: Slot, run: Container): Promise<void> {
    const probe = slot.spec.liveness
    if (probe === undefined) return
    let failures = 0
    const alive = AbortSignal.any([run.over, this.#terminating.signal])
    while (await pause(probe.periodMs, alive)) {
      failures = (await probeOnce(probe)) ? 0 : failures + 1
      if (failures < probe.failures || alive.aborted) continue
      await this.restart(slot.spec.name)
      return
    }
  }

  async #ended(slot: Slot, run: Container, how: string): Promise<void> {
    this.#note('exited', slot.spec.name, how)
    if (slot.run !== run) return
    slot.started = false
    slot.ready = false
    this.#judge()
    if (slot.stopping) return
    // It ended by itself: no hook, and it comes back unless the pod is going.
    if (await pause(RESTART_DELAY_MS, this.#terminating.signal)) await this.#run(slot)
  }

  async #delete(graceMs: number): Promise<void> {
    this.#note('deleted')
    this.#terminating.abort()
    this.#judge()
    for (const slot of this.#slots) slot.stopping = true
    // A sidecar's turn comes when the main containers and the sidecars that were started after it have ended.
    let turn: Promise<unknown> = Promise.resolve()
    const mains = this.#slots.filter((slot) => slot.spec.role === 'main')
    const sidecars = this.#slots.filter((slot) => slot.spec.role === 'native').toReversed()
    const stops = mains.map((slot) => this.#stop(slot, graceMs, Promise.resolve()))
    turn = Promise.all(stops)
    for (const slot of sidecars) {
      const stop = this.#stop(slot, graceMs, turn)
      stops.push(stop)
      turn = Promise.all([turn, stop])
    }
    await Promise.all(stops)
    this.#gone.abort()
    this.#hooks.close()
    this.#judge()
    this.#note('gone')
    this.#firstReady.reject(new Error('deleted'))
  }

  /** killContainer: hook, turn, SIGTERM, SIGKILL, inside one grace period. Answers when the container has ended. */
  async #stop(slot: Slot, graceMs: number, turn: Promise<unknown>): Promise<void> {
    const { run } = slot
    if (run === undefined || !run.running) return
    const beganAt = performance.now()
    const elapsed = () => performance.now() - beganAt
    if (graceMs === 0) return this.#kill(slot, run)
    await this.#hook(slot, run, graceMs)
    await within(graceMs - elapsed(), turn)
    // Whole seconds, truncated, as the kubelet reckons.
    const leftMs = Math.max(LEAST_GRACE_MS, Math.floor((graceMs - elapsed()) / 1000) * 1000)
    if (run.running) {
      this.#note('sigterm', slot.spec.name)
      run.terminate()
    }
    if (!(await within(leftMs, run.exited))) await this.#kill(slot, run)
  }

  async #kill(slot: Slot, run: Container): Promise<void> {
    this.#note('sigkill', slot.spec.name)
    run.kill()
    await run.exited
  }

  async #hook(slot: Slot, run: Container, graceMs: number): Promise<void> {
    const { preStop, name } = slot.spec
    if (preStop === undefined) return
    this.#note('hook-called', name)
    if (preStop.kind === 'sleep') {
      await pause(Math.min(preStop.ms, graceMs), run.over)
      this.#note('hook-answered', name)
      return
    }
    const answer = this.#hooks.call(preStop.url).then(
      (status) => this.#note('hook-answered', name, String(status)),
      (error: Error) => {
        if (!this.#gone.signal.aborted) this.#note('hook-failed', name, error.message)
      },
    )
    // Too late: the kubelet goes on, the request stays open.
    if (!(await within(graceMs, answer))) this.#note('hook-overdue', name)
  }

  /** Works out the endpoint's state and announces a change of it. */
  #judge(): void {
    const passing = this.#slots.every((slot) => slot.started && slot.ready)
    const terminating = this.#terminating.signal.aborted
    const state = !passing ? 'out' : terminating ? 'serving' : 'ready'
    if (state === this.#announced) return
    const was = this.#announced
    this.#announced = state
    this.#options.endpoint(state)
    // From ready to serving the pod only begins to terminate: its readiness stays.
    if (was === 'out' || state === 'out') this.#note(passing ? 'ready' : 'unready')
    if (state === 'ready') this.#firstReady.resolve()
  }

  #note(what: PodEvent['what'], container?: string, detail?: string): void {
    this.#options.note({ at: performance.now(), pod: this.spec.name, container, what, detail })
  }

  #said(): string {
    return this.#slots.map((slot) => `[${slot.spec.name}] ${slot.lines.slice(-20).join('\n')}`).join('\n')
  }
}
