/**
 * One run of a container: a process in a group of its own, its output by lines, its end. As in a container, nothing of
 * the group outlives its first process. Knows no probe and no hook.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import type { ContainerSpec } from './pod-spec.ts'

/** The last lines are kept, for the report; more would be a log. */
const KEPT_LINES = 200

/** Of a container, relative to an ordinary process. */
const NICE = 10

/** However this process ends (but for SIGKILL), its containers end with it. */
const running = new Set<Container>()
function killAll(): void {
  for (const container of running) container.kill()
}

export class Container {
  readonly spec: ContainerSpec
  /** The latest lines of stdout and stderr together. */
  readonly lines: string[]
  /** Answers how it ended, `0` or `SIGKILL`, once the process and its output have. Never rejects. */
  readonly exited: Promise<string>
  /** Aborted as soon as the process has ended. */
  readonly over: AbortSignal
  readonly #child: ChildProcess

  /** Starts the process; `lines` collects what it says. A program that cannot be started ends with `ENOENT` or alike. */
  constructor(spec: ContainerSpec, lines: string[]) {
    this.spec = spec
    this.lines = lines
    const [file, ...args] = spec.command
    const over = new AbortController()
    this.over = over.signal
    this.#child = spawn(file, args, {
      detached: true,
      env: { ...environment(), ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        if (lines.length > KEPT_LINES) lines.shift()
      })
    }
    this.#yieldToTheRest()
    if (running.size === 0) process.on('exit', killAll)
    running.add(this)
    this.#child.on('exit', () => {
      over.abort()
      this.#killGroup()
    })
    this.exited = new Promise((resolve) => {
      const ended = (how: string) => {
        running.delete(this)
        if (running.size === 0) process.off('exit', killAll)
        over.abort()
        resolve(how)
      }
      this.#child.on('error', (error: NodeJS.ErrnoException) => ended(error.code ?? error.message))
      this.#child.on('close', (code, signal) => ended(signal ?? String(code)))
    })
  }

  get running(): boolean {
    return !this.over.aborted
  }

  /** SIGTERM to the first process alone, as the container runtime sends it. */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  kill(): void {
    if (!this.running) return
    this.#child.kill('SIGKILL')
    this.#killGroup()
  }

  /** Clients, Service and kubelet have machines of their own on a cluster: here the pods must not keep them waiting. */
  #yieldToTheRest(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      setPriority(pid, NICE)
    } catch {
      // it has ended already
    }
  }

  #killGroup(): void {
    if (this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // nobody else was in the group
    }
  }
}

/** This process's environment without what is meant for lastcall itself: it refuses variables that it does not know. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LASTCALL_')))
}
