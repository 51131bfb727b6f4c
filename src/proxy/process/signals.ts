/**
 * Catches the signals that ask the program to end, from its first moment on; this is the first file that is loaded. For
 * PID 1, which the program is in a container, the kernel drops a signal that has no handler (pid_namespaces(7)), and the
 * kubelet sends SIGTERM only once: the pod would stay for its whole grace period. Knows nothing of what a signal means.
 */
import { constants } from 'node:os'

const NAMES = ['SIGTERM', 'SIGINT'] as const
export type SignalName = (typeof NAMES)[number]

/** What a program that was started may ask. */
export interface Signals {
  /** The first signal that has come by now and that nobody has taken. */
  early(): Promise<SignalName | undefined>
  /** From now on `take` gets each signal; first, within the call, those that wait. */
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
 * For a command that has nothing to drain: signals end the process again, as they do by default, and so does one that has
 * come already. Resolves if there is none.
 */
export async function endBySignals(): Promise<void> {
  await turn()
  for (const name of NAMES) process.off(name, hear)
  const [name] = untaken
  if (name === undefined) return
  process.kill(process.pid, name)
  // PID 1 outlives that; a shell calls such an end 128 + the signal's number.
  process.exit(128 + constants.signals[name])
}

/** Node hands a caught signal over when the event loop turns, not before. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
