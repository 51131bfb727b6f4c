/**
 * What the preStop hook of a container does, according to its manifest: it calls lastcall, only waits, does nothing,
 * stops the server at once, or something else. Pure.
 */
import { at, list, number, text } from './tree.ts'
import type { Container } from './workload.ts'

export type PreStop =
  | { readonly kind: 'none' }
  /** httpGet of /prestop/app or /prestop/sidecar. */
  | { readonly kind: 'lastcall' }
  /** `sleep`, or a command that only sleeps. `said` is its text, for messages. */
  | { readonly kind: 'waits'; readonly ms: number; readonly how: 'sleep' | 'exec'; readonly said: string }
  /** A command that ends at once without effect, or a tcpSocket, which Kubernetes ignores in hooks. */
  | { readonly kind: 'nothing'; readonly how: 'sleep' | 'exec' | 'tcpSocket'; readonly said: string }
  /** A command that makes the server drop requests in flight, after `waitsMs`. */
  | { readonly kind: 'cuts'; readonly how: 'exec'; readonly said: string; readonly waitsMs: number }
  | {
      readonly kind: 'other'
      readonly how: 'exec' | 'httpGet'
      readonly said: string
      readonly waitsMs: number
    }

/** Reads lifecycle.preStop of a container. */
export function preStopOf({ value }: Container): PreStop {
  const hook = at(value, 'lifecycle', 'preStop')
  const seconds = number(at(hook, 'sleep', 'seconds'))
  if (seconds !== undefined) {
    const said = `sleep ${seconds} s`
    return seconds === 0
      ? { kind: 'nothing', how: 'sleep', said }
      : { kind: 'waits', ms: seconds * 1000, how: 'sleep', said }
  }
  if (at(hook, 'httpGet') !== undefined) {
    const path = text(at(hook, 'httpGet', 'path')) ?? '/'
    return /^\/*prestop\/(app|sidecar)$/.test(path)
      ? { kind: 'lastcall' }
      : { kind: 'other', how: 'httpGet', said: `httpGet ${path}`, waitsMs: 0 }
  }
  if (at(hook, 'tcpSocket') !== undefined) return { kind: 'nothing', how: 'tcpSocket', said: 'tcpSocket' }
  const command = list(at(hook, 'exec', 'command'))
  return command.length === 0
    ? { kind: 'none' }
    : execOf(command.map((word) => text(word) ?? JSON.stringify(word)))
}

/** Programs that run what follows `-c`. */
const SHELL = /^(\/(usr\/)?bin\/)?(ba|da|a)?sh$/
const NOTHING = /^((\/(usr\/)?bin\/)?true|:|exit( 0)?|echo\b.*|(\/(usr\/)?bin\/)?sleep 0[smh]?)$/
const SLEEP = /^(?:\/(?:usr\/)?bin\/)?sleep (\d+(?:\.\d+)?)([smhd]?)$/
/**
 * Commands that make a server drop its connections: the fast shutdown of nginx (nginx.org, "Controlling nginx") and of Apache
 * (httpd.apache.org, "Stopping and Restarting": `stop`), and SIGKILL.
 */
const CUTS =
  /\bnginx\s+(-\S+\s+\S+\s+)*-s\s+stop\b|\b(apachectl|apache2ctl|httpd)\s+(-k\s+)?stop\b|\bkill(all)?\s+(-9|-KILL|-SIGKILL|-s\s*(9|(SIG)?KILL))\b|\bpkill\s+(-9|-KILL|-SIGKILL)\b/

function execOf(words: readonly string[]): PreStop {
  const said = `exec ${JSON.stringify(words)}`
  const shell = SHELL.test(words[0] ?? '')
  const flag = words.findIndex((word, i) => i > 0 && /^-[a-z]*c$/.test(word))
  // `bash sleep 60`, a common error, fails at once; the content of a script file is unknown.
  const script = shell && flag !== -1 ? (words[flag + 1] ?? '') : shell ? '' : words.join(' ')
  const steps = script
    .split(/&&|\|\||[;\n]/)
    .map((step) => step.trim())
    .filter(Boolean)
  const waits = steps.map(sleepMs)
  const waitsMs = waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)
  if (CUTS.test(script)) return { kind: 'cuts', how: 'exec', said, waitsMs }
  const idle = steps.every((step, i) => NOTHING.test(step) || waits[i] !== undefined)
  if (!idle || steps.length === 0) return { kind: 'other', how: 'exec', said, waitsMs }
  return waitsMs > 0
    ? { kind: 'waits', ms: waitsMs, how: 'exec', said }
    : { kind: 'nothing', how: 'exec', said }
}

function sleepMs(step: string): number | undefined {
  const [, count, unit = ''] = SLEEP.exec(step.replace(/\s+/g, ' ')) ?? []
  if (count === undefined) return undefined
  return Number(count) * { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit]!
}
