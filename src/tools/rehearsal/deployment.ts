/**
 * A stand-in for the Deployment controller with maxSurge 1 and maxUnavailable 0: a new pod, and as soon as it is ready
 * an old one is deleted; terminating pods are nobody's concern any more. Knows no strategy.
 */

import type { Service } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import { Pod } from './kubelet.ts'
import type { PodSpec } from './pod-spec.ts'

export interface DeploymentOptions {
  readonly replicas: number
  /** Describes the pod of this name, on ports of its own. */
  readonly describe: (name: string) => Promise<PodSpec>
  readonly service: Service
  /** Those of the pods' other ports, in their order. */
  readonly others?: readonly Service[]
  readonly readyWithinMs: number
  readonly note: (event: PodEvent) => void
}

export class Deployment {
  /** Every pod that there was, in the order of creation. */
  readonly pods: Pod[] = []
  readonly #options: DeploymentOptions
  readonly #terminating: Promise<void>[] = []
  #current: Pod[] = []
  #created = 0

  constructor(options: DeploymentOptions) {
    this.#options = options
  }

  /** The pods that are not being deleted. */
  get current(): readonly Pod[] {
    return this.#current
  }

  /** Starts all replicas at once; answers when all are ready. Rejects if one does not become ready. */
  async start(): Promise<void> {
    const { replicas } = this.#options
    this.#current = await Promise.all(Array.from({ length: replicas }, () => this.#create()))
  }

  /** Replaces every pod; answers when the last old one has been deleted, which is before it is gone. */
  async roll(): Promise<void> {
    for (const old of this.#current) {
      const successor = await this.#create()
      this.#current = [...this.#current.filter((pod) => pod !== old), successor]
      this.#terminating.push(old.delete())
    }
  }

  /** Waits until all deleted pods are gone. */
  async gone(): Promise<void> {
    await Promise.all(this.#terminating)
  }

  /** Kills what is left, without hooks. */
  async stop(): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.delete(0)))
  }

  async #create(): Promise<Pod> {
    const { describe, service, others = [], note, readyWithinMs } = this.#options
    this.#created += 1
    const spec = await describe(`pod-${this.#created}`)
    const pod = new Pod(spec, {
      note,
      endpoint(state) {
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
      },
    })
    this.pods.push(pod)
    await pod.start(readyWithinMs)
    return pod
  }
}
