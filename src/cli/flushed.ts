/** The end of a program that prints a result: only when the result has been taken. */

/**
 * Resolves when standard output and standard error have been written, or their reader has left. A pipe takes 64 KiB at
 * a time, and what a slow reader has not taken by then is lost with `process.exit`.
 */
export async function flushed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()))
}
