/**
 * The node of a rehearsal: its kubelet and its containers run in a separate process (node-process.ts), as in a cluster they
 * run on a different machine from the clients. Starting a container blocks the process that starts it, for 25 ms on a busy
 * machine; in the clients' own process, no client and no Service could act during that time. This is the clients' side: it
 * orders pods, and is told what happens to them.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EndpointState } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import type { PodSpec } from './pod-spec.ts'

/** An order to the node. The name of a pod is the one in its spec. */
export type Order =
  | { readonly order: 'start'; readonly spec: PodSpec; readonly readyWithinMs: number }
  /** `graceMs`: undefined for the pod's own grace period. */
  | { readonly order: 'delete'; readonly pod: string; readonly graceMs: number | undefined }

/** A report of the node. Times are those of `performance.now()` in the clients' process. */
export type Word =
  | { readonly word: 'event'; readonly event: PodEvent }
  | { readonly word: 'endpoint'; readonly pod: string; readonly state: EndpointState }
  /** `why`: undefined if it is ready. */
  | { readonly word: 'started'; readonly pod: string; readonly why: string | undefined }
  /** `output`: the last lines of each of its containers. */
  | {
      readonly word: 'gone'
      readonly pod: string
      readonly output: Readonly<Record<string, readonly string[]>>
    }

interface Told {
  readonly endpoint: (state: EndpointState) => void
  readonly started: PromiseWithResolvers<void>
  readonly gone: PromiseWithResolvers<void>
}

export class Node {
  readonly #child: ChildProcess
  readonly #note: (event: PodEvent) => void
  readonly #pods = new Map<string, Told>()
  readonly #output = new Map<string, Readonly<Record<string, readonly string[]>>>()
  readonly #ended = Promise.withResolvers<void>()

  /** `note` is called for each event of the pods. */
  constructor(note: (event: PodEvent) => void) {
    this.#note = note
    const program = fileURLToPath(new URL(`./node-process${extname(import.meta.filename)}`, import.meta.url))
    // A group of its own: Ctrl-C at a terminal is for the rehearsal, and the node ends with it.
    this.#child = fork(program, [String(sinceBoot() - performance.now())], {
      detached: true,
      execArgv: [],
      serialization: 'advanced',
    })
    this.#child.on('message', (word: Word) => this.#hear(word))
    this.#child.on('error', (error) => this.#end(error.message))
    this.#child.on('exit', (code, signal) => this.#end(`ended (${signal ?? code})`))
  }

  /**
   * Starts a pod; resolves when it is ready. Rejects after `readyWithinMs`, with the output of its containers. `endpoint` is
   * called for each change of its endpoint, until it is gone.
   */
  async start(spec: PodSpec, readyWithinMs: number, endpoint: (state: EndpointState) => void): Promise<void> {
    if (!this.#child.connected) throw new Error(`${spec.name} was not started: the node has ended`)
    const told = { endpoint, started: Promise.withResolvers<void>(), gone: Promise.withResolvers<void>() }
    // Only `delete` waits for this; without a `delete`, its rejection is not an error.
    told.gone.promise.catch(() => {})
    this.#pods.set(spec.name, told)
    this.#order({ order: 'start', spec, readyWithinMs })
    await told.started.promise
  }

  /** Stops a pod as the kubelet does; resolves when it is gone. `graceMs` overrides its grace period; 0 kills it. */
  async delete(pod: string, graceMs?: number): Promise<void> {
    this.#order({ order: 'delete', pod, graceMs })
    await this.#pods.get(pod)?.gone.promise
  }

  /** The output of the containers with this name, by pod, for the pods that are gone. */
  output(container: string): Map<string, readonly string[]> {
    return new Map([...this.#output].map(([pod, lines]) => [pod, lines[container] ?? []]))
  }

  /** Kills the remaining pods and ends the node; resolves when it has ended. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#ended.promise
  }

  #order(order: Order): void {
    if (this.#child.connected) this.#child.send(order)
  }

  #hear(word: Word): void {
    switch (word.word) {
      case 'event':
        return this.#note(word.event)
      case 'endpoint':
        return this.#pods.get(word.pod)?.endpoint(word.state)
      case 'started': {
        const started = this.#pods.get(word.pod)?.started
        return word.why === undefined ? started?.resolve() : started?.reject(new Error(word.why))
      }
      case 'gone':
        this.#output.set(word.pod, word.output)
        return this.#pods.get(word.pod)?.gone.resolve()
      default:
        return word satisfies never
    }
  }

  /** Rejects everything that waits for a node that has ended. */
  #end(how: string): void {
    const error = new Error(`the process that runs the pods ${how}`)
    for (const { started, gone } of this.#pods.values()) {
      started.reject(error)
      gone.reject(error)
    }
    this.#ended.resolve()
  }
}

/** Milliseconds of the clock that all processes of a machine share. */
export function sinceBoot(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
