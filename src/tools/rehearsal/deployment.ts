/**
 * A stand-in for the Deployment controller (RollingUpdate): new pods as far as maxSurge allows, old ones deleted as far
 * as maxUnavailable allows; terminating pods are nobody's concern any more. Knows no strategy.
 */

import { Batch } from './batch.ts'
import type { EndpointState, Service } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import type { Node } from './node.ts'
import type { PodSpec } from './pod-spec.ts'
import { nextStep, type RollingLimits } from './rolling.ts'

export interface DeploymentOptions {
  /** What runs the pods. */
  readonly node: Node
  readonly replicas: number
  readonly rolling: RollingLimits
  /** So many pods start at a time, as one machine has to start them all: the next when one of these is ready. */
  readonly startsAtOnce: number
  /** Describes the pod of this name, on ports of its own. */
  readonly describe: (name: string) => Promise<PodSpec>
  readonly service: Service
  /** Those of the pods' other ports, in their order. */
  readonly others?: readonly Service[]
  readonly readyWithinMs: number
  readonly note: (event: PodEvent) => void
}

export class Deployment {
  readonly #options: DeploymentOptions
  readonly #starts: Batch
  readonly #terminating: Promise<void>[] = []
  /** The pods that are not being deleted, by name. */
  #current: string[] = []
  #created = 0

  constructor(options: DeploymentOptions) {
    this.#options = options
    this.#starts = new Batch(options.startsAtOnce)
  }

  /** Starts all replicas; answers when all are ready. Rejects if one does not become ready. */
  async start(): Promise<void> {
    const { replicas } = this.#options
    this.#current = await Promise.all(Array.from({ length: replicas }, () => this.#create()))
  }

  /**
   * Replaces every pod; answers when all new ones are ready and the last old one has been deleted, which is before it is
   * gone. Rejects if a new one does not become ready.
   */
  async roll(): Promise<void> {
    const { node, replicas, rolling } = this.#options
    const old = [...this.#current]
    const fresh: string[] = []
    const starting = new Set<Promise<string>>()
    let created = 0
    while (old.length > 0 || fresh.length < replicas) {
      const standing = { replicas, old: old.length, created, available: fresh.length }
      const { create, remove } = nextStep(standing, rolling)
      created += create
      for (let count = 0; count < create; count += 1) starting.add(this.#create())
      for (const pod of old.splice(0, remove)) this.#terminating.push(node.delete(pod))
      if (create > 0 || remove > 0) continue
      // oxlint-disable-next-line no-await-in-loop -- each step depends on what has happened since the last
      const [start, pod] = await Promise.race([...starting].map(async (one) => [one, await one] as const))
      starting.delete(start)
      fresh.push(pod)
    }
    this.#current = fresh
  }

  /** Waits until all deleted pods are gone. */
  async gone(): Promise<void> {
    await Promise.all(this.#terminating)
  }

  #create(): Promise<string> {
    this.#created += 1
    const name = `pod-${this.#created}`
    return this.#starts.run(async () => {
      const { node, describe, readyWithinMs } = this.#options
      const spec = await describe(name)
      await node.start(spec, readyWithinMs, (state) => this.#announce(spec, state))
      return name
    })
  }

  #announce(spec: PodSpec, state: EndpointState): void {
    const { service, others = [], note } = this.#options
    const learned = () =>
      note({
        at: performance.now(),
        pod: spec.name,
        container: undefined,
        what: 'endpoint-learned',
        detail: state,
      })
    service.announce(spec.endpoint, state, learned)
    for (const [index, other] of others.entries()) other.announce(spec.others![index]!, state, learned)
  }
}
