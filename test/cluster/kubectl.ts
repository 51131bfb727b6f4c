/** kubectl, whatever it is called here: run, asked for JSON, fed with objects. Nothing else talks to a cluster. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export class Kubectl {
  readonly #command: readonly string[]
  readonly #namespace: string

  /** `command`: the program and its first arguments, in one string, split at blanks. */
  constructor(command: string, namespace: string) {
    this.#command = command.split(/\s+/)
    this.#namespace = namespace
  }

  /** Runs kubectl in the namespace and returns its stdout; rejects with its stderr. */
  async run(args: readonly string[], input?: string): Promise<string> {
    const [program, ...first] = this.#command
    const child = spawn(program!, [...first, '-n', this.#namespace, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.end(input ?? '')
    const ended = new Promise<number | null>((resolve, reject) =>
      child.on('error', reject).on('close', resolve),
    )
    const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
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

  /** A GET to a port of a pod, by way of the API server. */
  async get<T>(pod: string, port: number, path: string): Promise<T> {
    const url = `/api/v1/namespaces/${this.#namespace}/pods/${pod}:${port}/proxy${path}`
    return JSON.parse(await this.run(['get', '--raw', url])) as T
  }
}
