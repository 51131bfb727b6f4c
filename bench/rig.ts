/**
 * The rig that all scenarios share: the app, the load generator and the peers as running processes, and the notebook for
 * what was measured. Knows no scenario.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Child, type Command, fileLimit, start } from './child.ts'
import type { CpuPlan } from './cpus.ts'
import type { Measured, Reply, Task, TimedTask } from './load/messages.ts'
import { DIRECT, type Lacks, type Launch, type Places } from './peers/peer.ts'
import { family } from './proc.ts'
import type { Sample } from './sample.ts'

const READY_WITHIN_MS = 10_000
const NODE = process.execPath

/** A peer that is on this machine. */
export interface Rival {
  readonly name: string
  readonly lacks: Lacks
  readonly launch: (places: Places) => Launch
}

export interface Running {
  readonly name: string
  readonly port: number
  /** For HTTP/2 with prior knowledge: mostly the same. */
  readonly http2: number
  /** All processes of it; none if there is no proxy. */
  readonly pids: () => number[]
  readonly stop: () => Promise<void>
}

export interface RigOptions {
  readonly cpus: CpuPlan
  readonly rivals: readonly Rival[]
  /** What all durations are multiplied by. */
  readonly pace: number
  readonly progress: (line: string) => void
}

export class Rig {
  readonly options: RigOptions
  readonly samples: Sample[] = []
  /** For everything that is written; it goes when the rig is closed. */
  readonly folder = mkdtempSync(join(tmpdir(), 'lastcall-bench-'))
  #app: { child: Child; port: number } | undefined
  #load: Child | undefined
  #started = 0

  constructor(options: RigOptions) {
    this.options = options
  }

  /** Starts the app and the load generator. */
  async open(): Promise<void> {
    const { cpus } = this.options
    const port = await freePort()
    const path = fileURLToPath(new URL('app.ts', import.meta.url))
    this.#app = { child: start([NODE, path, String(port)], { cpus: cpus.app }), port }
    await this.#answers(port, this.#app.child)
    const generator = fileURLToPath(new URL('load/generator.ts', import.meta.url))
    this.#load = start([NODE, generator], { cpus: cpus.load, channel: true })
  }

  async close(): Promise<void> {
    await this.#load?.stop()
    await this.#app?.child.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  get appPort(): number {
    return this.#app!.port
  }

  get appPids(): number[] {
    return [this.#app!.child.pid]
  }

  note(sample: Sample): void {
    this.samples.push(sample)
  }

  /** Ports and a folder for a peer that is about to be started. */
  async places(): Promise<Places> {
    this.#started += 1
    const files = fileLimit()
    const folder = mkdtempSync(join(this.folder, `${this.#started}-`))
    return {
      listen: await freePort(),
      admin: await freePort(),
      app: this.appPort,
      http2: await freePort(),
      folder,
      files,
      connections: mostConnections(),
    }
  }

  /** Starts a peer and waits until it has served a request. Rejects with what it said if it does not. */
  async launch(rival: Rival): Promise<Running> {
    if (rival.name === DIRECT) {
      const port = this.appPort
      return { name: DIRECT, port, http2: port, pids: () => [], stop: () => Promise.resolve() }
    }
    const places = await this.places()
    const { command, env, http2 = places.listen } = rival.launch(places)
    const child = this.spawn(command, env)
    await this.#answers(places.listen, child)
    return {
      name: rival.name,
      port: places.listen,
      http2,
      pids: () => family(child.pid),
      stop: () => child.stop(),
    }
  }

  /** Starts a program where the proxy belongs. */
  spawn(command: Command, env: NodeJS.ProcessEnv | undefined): Child {
    return start(command, { cpus: this.options.cpus.proxy, env })
  }

  /** Has the load generator do something. Rejects if it cannot. */
  async load(task: Task): Promise<Exclude<Reply, { kind: 'failed' }>> {
    const child = this.#load!.process
    const reply = await new Promise<Reply>((resolve, reject) => {
      const ended = (): void => reject(new Error(`the load generator has ended: ${this.#load!.said()}`))
      child.once('exit', ended)
      child.once('message', (message: Reply) => {
        child.off('exit', ended)
        resolve(message)
      })
      child.send(task)
    })
    if (reply.kind === 'failed') throw new Error(reply.why)
    return reply
  }

  /** A timed load, measured. */
  async measure(running: Running, task: TaskOf, seconds: number): Promise<Measured> {
    const measureMs = seconds * 1000 * this.options.pace
    const reply = await this.load({
      warmMs: Math.min(400, measureMs / 2),
      measureMs,
      port: task.kind === 'http2' ? running.http2 : running.port,
      proxy: running.pids(),
      app: this.appPids,
      ...task,
    })
    if (reply.kind !== 'measured') throw new Error(`unexpected: ${reply.kind}`)
    return reply
  }

  async #answers(port: number, child: Child): Promise<void> {
    const until = performance.now() + READY_WITHIN_MS
    while (!(await firstAnswer(port))) {
      if (performance.now() > until || child.process.exitCode !== null) {
        await child.stop()
        throw new Error(`does not serve: ${child.said()}`)
      }
      await delay(20)
    }
  }
}

/** How many client connections a relay may have, each with one to the app, and some files to spare. */
export function mostConnections(): number {
  return Math.floor((fileLimit() - 1000) / 2)
}

type Left<T> = T extends unknown ? Omit<T, 'warmMs' | 'measureMs' | 'port' | 'proxy' | 'app'> : never
/** What remains to be said of a timed task. */
export type TaskOf = Left<TimedTask>

/** One request on a connection of its own; whether it was answered with 200. */
export function firstAnswer(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.setTimeout(1000, () => socket.destroy())
    socket.on('connect', () => socket.write('GET /s HTTP/1.1\r\nHost: app.example\r\n\r\n'))
    socket.on('data', (bytes) => {
      resolve(bytes.toString('latin1').startsWith('HTTP/1.1 200'))
      socket.destroy()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(false))
  })
}

/** A port of loopback that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
