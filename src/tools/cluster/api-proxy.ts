/**
 * The API server's proxy to pods, without redirects. `kubectl get --raw` follows a redirect to any server and sends the
 * user's bearer token there, and the pod's answer chooses that server. `kubectl proxy` does not follow redirects. It listens
 * on a Unix socket in a private folder (on Windows, where Node has no Unix sockets, on a loopback port), allows only GET of
 * `/status`, and ends with the command.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { at, text, type Tree } from '../manifest/tree.ts'
import { failure, failureOf, type Call } from './kubectl.ts'

/** The only requests that `kubectl proxy` allows; the port is part of the pod's name there. */
const FILTER = [
  '--accept-paths=^/api/v1/namespaces/[^/]+/pods/[^/]+/proxy/status$',
  '--reject-methods=^[^G]',
] as const
const MOST_WORDS = 1 << 16

/** Starts kubectl with these arguments, at the head of a process group of its own. */
type Start = (args: readonly string[]) => ChildProcess

/** What `heard` of kubectl's start rejects with, for a program that cannot be run. */
type NotStarted = (error: NodeJS.ErrnoException) => Error

export class ApiProxy {
  readonly #start: Start
  readonly #notStarted: NotStarted
  #address: Promise<RequestOptions> | undefined
  #stop = (): void => {}

  constructor(start: Start, notStarted: NotStarted) {
    this.#start = start
    this.#notStarted = notStarted
  }

  /**
   * GETs `path`, which FILTER lets through, and returns the body. Rejects with a failure if the answer is not 200: in the API
   * server's or the pod's words, or because it is a redirect; and when it is longer than `last` characters.
   */
  async get(path: string, { signal, last = Infinity }: Call): Promise<string> {
    // Before kubectl is started: nobody would handle an error of its start.
    signal?.throwIfAborted()
    this.#address ??= this.#open()
    const address = await beforeAbort(this.#address, signal)
    const { status, body } = await answered({ ...address, path, ...(signal && { signal }) }, last)
    if (status === 200) return body
    if (status >= 300 && status < 400)
      throw failure(
        'other',
        'it answers with a redirect, which lastcall never sends; the redirect was not followed',
      )
    throw failureOf(wordsOf(status, body))
  }

  /** Ends kubectl, if it was started. */
  end(): void {
    this.#stop()
  }

  async #open(): Promise<RequestOptions> {
    const folder = process.platform === 'win32' ? undefined : mkdtempSync(join(tmpdir(), 'lastcall-'))
    const socketPath = folder === undefined ? undefined : join(folder, 'api')
    const child = this.#start([
      'proxy',
      ...(socketPath === undefined ? ['--port=0'] : [`--unix-socket=${socketPath}`]),
      ...FILTER,
    ])
    child.stdin!.end()
    const stop = (): void => {
      process.removeListener('exit', stop)
      // Another kubectl may have been started since.
      if (this.#stop === stop) {
        this.#address = undefined
        this.#stop = () => {}
      }
      endGroup(child)
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    }
    this.#stop = stop
    process.once('exit', stop)
    // If it has ended, the next request starts it again.
    child.once('close', stop)
    const served = await this.#serving(child)
    const where: RequestOptions =
      socketPath === undefined
        ? { host: '127.0.0.1', port: Number(served.split(':').at(-1)) }
        : { socketPath }
    // kubectl proxy accepts only these host names.
    return { ...where, agent: false, headers: { host: 'localhost' } }
  }

  /** Resolves to the address that kubectl says it serves on. */
  #serving(child: ChildProcess): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    let out = ''
    let errors = ''
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      out = (out + chunk).slice(-MOST_WORDS)
      const [, address] = /^Starting to serve on (.+)\n/m.exec(out) ?? []
      if (address !== undefined) resolve(address)
    })
    child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
      errors = (errors + chunk).slice(-MOST_WORDS)
    })
    child.on('error', (error) => reject(this.#notStarted(error)))
    child.on('close', () => reject(failureOf(errors)))
    return promise
  }
}

/** Ends the whole process group: a program that wraps kubectl may not pass signals on. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  if (process.platform === 'win32') {
    child.kill()
    return
  }
  try {
    process.kill(-child.pid, 'SIGTERM')
  } catch {
    // It has just ended by itself.
  }
}

async function beforeAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function answered(
  options: RequestOptions,
  most: number,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const asked = request(options, resolve).on('error', reject).end()
  const answer = await promise.catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' || error.code === 'ECONNREFUSED'
      ? failure('other', 'kubectl proxy opened no socket on this machine: KUBECTL must run kubectl locally')
      : error
  })
  let body = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) {
    body += chunk as string
    if (body.length <= most) continue
    asked.destroy()
    throw failure('other', `its answer is longer than ${most} characters`)
  }
  return { status: answer.statusCode ?? 0, body }
}

/** The failure as `kubectl get --raw` would print it: the API server's, which is a Status object, or the pod's. */
function wordsOf(status: number, body: string): string {
  let said: Tree | undefined
  try {
    said = JSON.parse(body) as Tree
  } catch {
    // A pod may answer with any text.
  }
  const [message, reason] = [text(at(said, 'message')), text(at(said, 'reason'))]
  if (message !== undefined)
    return `Error from server${reason === undefined ? '' : ` (${reason})`}: ${message}`
  const [line = ''] = body.trim().split('\n', 1)
  return `Error from server: it answers ${status}${line === '' ? '' : `: ${line}`}`
}
