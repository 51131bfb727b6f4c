/** The user's own kubectl, run as a process without a shell. The only place that starts one. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { ApiProxy } from './api-proxy.ts'
import { Documents } from './documents.ts'
import { failure, failureOf, type Call, type Kubectl } from './kubectl.ts'

/** How programs that wrap kubectl say that SIGINT or SIGTERM has ended it. */
const SIGNALLED = new Set([130, 143])

/** `end` ends what still runs for `ask`. */
export type OwnKubectl = Kubectl & { readonly end: () => void }

/**
 * kubectl as `program` (its path or name, with first arguments after blanks; undefined: `kubectl` of the PATH), with
 * `flags` in each call.
 */
export function ownKubectl(program: string | undefined, flags: readonly string[]): OwnKubectl {
  const said = program === undefined || program.trim() === '' ? 'kubectl' : program.trim()
  const [command, ...first] = existsSync(said) ? [said] : said.split(/\s+/)
  const start = (args: readonly string[], { signal, shielded = false }: Call): ChildProcess =>
    spawn(command!, [...first, ...args, ...flags], {
      stdio: 'pipe',
      // A process group of its own gets no SIGINT from the terminal.
      detached: shielded,
      ...(signal === undefined ? {} : { signal }),
    })

  const run = async (args: readonly string[], call: Call = {}): Promise<string> => {
    const child = start(args, call)
    const { out, errors, code, signal } = await heard(child, said, call)
    if (code === 0) return out
    if (signal === 'SIGINT' || signal === 'SIGTERM' || SIGNALLED.has(code ?? 0))
      throw failure('interrupted', `kubectl ${args[0]} was interrupted`)
    if (signal !== null) throw failure('other', `kubectl ${args[0]} was ended by ${signal}`)
    throw failureOf(errors)
  }
  const proxy = new ApiProxy(
    (args) => start(args, { shielded: true }),
    (error) => notStarted(error, said, undefined),
  )
  return {
    run,
    ask: (path, call = {}) => proxy.get(path, call),
    end: () => proxy.end(),
    json: async <T>(args: readonly string[], call?: Call) =>
      JSON.parse(await run([...args, '-o', 'json'], call)) as T,
    follow: (args, signal) => follow(() => start(args, { signal }), said, signal),
  }
}

interface Heard {
  readonly out: string
  readonly errors: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

async function heard(
  child: ChildProcess,
  said: string,
  { input = '', signal, last = Infinity }: Call,
): Promise<Heard> {
  const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', (error) => reject(notStarted(error, said, signal)))
    child.on('close', (code, by) => resolve([code, by]))
  })
  // One that has ended before it read everything says itself why.
  child.stdin!.on('error', () => {})
  child.stdin!.end(input)
  const [out, errors, [code, by]] = await Promise.all([
    tail(child.stdout!, last),
    tail(child.stderr!, Math.min(last, MOST_ERRORS)),
    ended,
  ])
  return { out, errors, code, signal: by }
}

/** Of its stderr: kubectl also hands on the words of a pod. */
const MOST_ERRORS = 1 << 20

/** The end of what comes, of at least `most` characters if there are as many, and of not much more. */
async function tail(stream: Readable, most: number): Promise<string> {
  let kept = ''
  stream.setEncoding('utf8')
  for await (const chunk of stream) {
    kept += chunk as string
    // Cut now and then, and not at each chunk.
    if (kept.length > 2 * most) kept = kept.slice(-most)
  }
  return kept
}

async function* follow(start: () => ChildProcess, said: string, signal: AbortSignal): AsyncIterable<unknown> {
  if (signal.aborted) return
  const child = start()
  child.stdin!.end()
  const errors = text(child.stderr!)
  const ended = new Promise<number | null | Error>((resolve) => {
    child.on('error', resolve)
    child.on('close', resolve)
  })
  const documents = new Documents()
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const document = documents.line(line)
      if (document !== undefined) yield document
    }
    const end = await ended
    if (signal.aborted || end === 0 || end === null) return
    throw end instanceof Error ? notStarted(end, said, signal) : failureOf(await errors)
  } finally {
    child.kill()
  }
}

function notStarted(error: NodeJS.ErrnoException, said: string, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return failure('interrupted', 'interrupted')
  const why =
    error.code === 'ENOENT' ? 'not found' : error.code === 'EACCES' ? 'may not be run' : error.message
  return failure(
    'no-kubectl',
    `${said}: ${why}\nInstall kubectl (https://kubernetes.io/docs/tasks/tools/), or set KUBECTL to its path.`,
  )
}
