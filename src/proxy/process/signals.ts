/**
 * Catches the signals that ask the program to end, from its first moment on; it is the first file to be loaded. In a
 * container the program is PID 1, and for PID 1 the kernel drops signals without a handler (pid_namespaces(7)). The
 * kubelet sends SIGTERM only once, so without this the pod would stay for its whole grace period. Others decide what a
 * signal means.
 */
import { constants } from 'node:os'

const NAMES = ['SIGTERM', 'SIGINT'] as const
export type SignalName = (typeof NAMES)[number]

/** What a program that has been started may ask. */
export interface Signals {
  /** The first signal that has arrived so far and has not been taken. */
  early(): Promise<SignalName | undefined>
  /** From now on, `take` gets each signal; those that wait are passed first, within this call. */
  handTo(take: (name: SignalName) => void): void
}

const untaken: SignalName[] = []
let handler = (name: SignalName): void => {
  untaken.push(name)
}
const hear = (name: NodeJS.Signals): void => handler(name as SignalName)
for (const name of NAMES) process.on(name, hear)

export const signals: Signals = {
  async early() {
    await turn()
    return untaken[0]
  },
  handTo(take) {
    handler = take
    for (const name of untaken.splice(0)) take(name)
  },
}

/**
 * For a command that has nothing to drain: signals end the process again, as they do by default, and so does one that
 * has already arrived. Resolves if there is none.
 */
export async function endBySignals(): Promise<void> {
  await turn()
  for (const name of NAMES) process.off(name, hear)
  const [name] = untaken
  if (name === undefined) return
  process.kill(process.pid, name)
  // A signal does not kill PID 1; a shell reports such an end as 128 + the number of the signal.
  process.exit(128 + constants.signals[name])
}

/** Node delivers a caught signal at the next turn of the event loop, not before. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
