/** kubectl, whatever it is called here: run, asked for JSON, fed with objects, watched. Nothing else talks to a cluster. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { hear } from './child.ts'
import { Documents } from '../../src/tools/cluster/documents.ts'

export class Kubectl {
  readonly #command: readonly string[]
  readonly namespace: string
  readonly #signal: AbortSignal | undefined

  /**
   * `command`: the program and its first arguments, in one string, split at blanks. When `signal` is aborted, what runs
   * is ended and nothing more is run.
   */
  constructor(command: string, namespace: string, signal?: AbortSignal) {
    this.#command = command.split(/\s+/)
    this.namespace = namespace
    this.#signal = signal
  }

  /** Runs kubectl in the namespace and returns its stdout; rejects with its stderr. */
  async run(args: readonly string[], input?: string): Promise<string> {
    this.#signal?.throwIfAborted()
    const { out, errors, code } = await hear(this.#spawn(args), input)
    this.#signal?.throwIfAborted()
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${errors.trim()}`)
    return out
  }

  async json<T>(args: readonly string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'])) as T
  }

  /** Creates or changes objects. */
  async apply(objects: readonly object[]): Promise<void> {
    await this.run(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  }

  /** A GET of JSON to a port of a pod, by way of the API server. */
  async get<T>(pod: string, port: number, path: string): Promise<T> {
    return JSON.parse(await this.raw(pod, port, path)) as T
  }

  /** The same, of any text. */
  raw(pod: string, port: number, path: string): Promise<string> {
    return this.run(['get', '--raw', `/api/v1/namespaces/${this.namespace}/pods/${pod}:${port}/proxy${path}`])
  }

  /** Calls `seen` for each change of these objects until `stop`; starts over when the server ends the watch. */
  async watch(args: readonly string[], stop: AbortSignal, seen: (change: Change) => void): Promise<void> {
    while (!stop.aborted && this.#signal?.aborted !== true) {
      const child = this.#spawn([...args, '--watch', '--output-watch-events', '-o', 'json'])
      const end = () => child.kill()
      stop.addEventListener('abort', end)
      child.stdin!.end()
      child.stderr!.resume()
      const ended = new Promise((resolve) => child.on('error', resolve).on('close', resolve))
      const documents = new Documents()
      for await (const line of createInterface({ input: child.stdout! })) {
        const document = documents.line(line)
        if (document !== undefined) seen(document as Change)
      }
      await ended
      stop.removeEventListener('abort', end)
    }
  }

  #spawn(args: readonly string[]): ChildProcess {
    const [program, ...first] = this.#command
    const child = spawn(program!, [...first, '-n', this.namespace, ...args], { stdio: 'pipe' })
    const end = () => child.kill()
    this.#signal?.addEventListener('abort', end)
    child.on('close', () => this.#signal?.removeEventListener('abort', end))
    return child
  }
}

/** One event of a watch. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: object
}
