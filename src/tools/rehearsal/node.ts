/**
 * The node of a rehearsal: its kubelet and its containers run in a process of their own (node-process.ts), as on a
 * cluster they run on another machine than the clients. Starting a container blocks the process that does it, for 25 ms
 * on a busy machine; in the clients' own process each of these was a moment in which no client and no Service could act.
 * This is the side of the clients: it asks for pods, and hears what becomes of them.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EndpointState } from './endpoints.ts'
import type { PodEvent } from './journal.ts'
import type { PodSpec } from './pod-spec.ts'

/** What the node is asked for. A pod goes by the name in its spec. */
export type Order =
  | { readonly order: 'start'; readonly spec: PodSpec; readonly readyWithinMs: number }
  /** `graceMs`: undefined for the pod's own. */
  | { readonly order: 'delete'; readonly pod: string; readonly graceMs: number | undefined }

/** What it reports. Times are those of `performance.now()` of whoever has asked. */
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

  /** `note` hears of all that happens to the pods. */
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
   * Starts a pod; answers when it is ready. Rejects after `readyWithinMs`, with what its containers said. `endpoint` is
   * told of each change of its endpoint, until it is gone.
   */
  async start(spec: PodSpec, readyWithinMs: number, endpoint: (state: EndpointState) => void): Promise<void> {
    if (!this.#child.connected) throw new Error(`${spec.name} was not started: the node has ended`)
    const told = { endpoint, started: Promise.withResolvers<void>(), gone: Promise.withResolvers<void>() }
    // Whoever waits is told; for the others it is no error.
    told.gone.promise.catch(() => {})
    this.#pods.set(spec.name, told)
    this.#order({ order: 'start', spec, readyWithinMs })
    await told.started.promise
  }

  /** Ends a pod in the kubelet's order; answers when it is gone. `graceMs`: in place of its own; 0 kills. */
  async delete(pod: string, graceMs?: number): Promise<void> {
    this.#order({ order: 'delete', pod, graceMs })
    await this.#pods.get(pod)?.gone.promise
  }

  /** What the containers of that name have said, by pod: of the pods that are gone. */
  output(container: string): Map<string, readonly string[]> {
    return new Map([...this.#output].map(([pod, lines]) => [pod, lines[container] ?? []]))
  }

  /** Kills what is left, and ends the node; answers when it has ended. */
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

  /** Nobody waits for ever for a node that has ended. */
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
