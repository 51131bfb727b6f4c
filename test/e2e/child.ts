/** A program that is given its input at once and heard to its end: kubectl and lastcall inject. */
import type { ChildProcess } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Ended {
  readonly out: string
  readonly errors: string
  readonly code: number | null
}

/** Resolves with all that it said and its exit code; rejects if it could not be started. All of its stdio are pipes. */
export async function hear(child: ChildProcess, input = ''): Promise<Ended> {
  // One that ends early does not read its input; that it failed is said by its exit code.
  child.stdin!.on('error', () => undefined)
  child.stdin!.end(input)
  const ended = new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  )
  const [out, errors, code] = await Promise.all([text(child.stdout!), text(child.stderr!), ended])
  return { out, errors, code }
}
