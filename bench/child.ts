/**
 * The programs that a benchmark starts: pinned to a processor, with enough file descriptors, ended by their own id,
 * never left behind. Knows no peer.
 */

import { type ChildProcess, execFileSync, spawn, type StdioOptions } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Command = readonly [string, ...string[]]

const FILES = 65_536
const STOP_WITHIN_MS = 3000

/** Whatever way this process ends (but for SIGKILL), its children end with it. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => process.exit(130))

/** The path of a program in PATH or where Debian keeps servers; undefined if it is not there. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

const taskset = findProgram('taskset')
const prlimit = liftsLimit()

/** The command with what pins it to these processors and lets it open many files, as far as this machine has it. */
export function placed(command: Command, cpus: string | undefined): Command {
  const limits = prlimit === undefined ? [] : [prlimit, `--nofile=${FILES}:${FILES}`]
  const pins = cpus === undefined || taskset === undefined ? [] : [taskset, '-c', cpus]
  return [...limits, ...pins, ...command] as unknown as Command
}

/** How many files a child may open. */
export function fileLimit(): number {
  if (prlimit !== undefined) return FILES
  return Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }))
}

/** Raising the limit takes rights; where they are missing, the limit stays. */
function liftsLimit(): string | undefined {
  const path = findProgram('prlimit')
  if (path === undefined) return undefined
  try {
    execFileSync(path, [`--nofile=${FILES}:${FILES}`, 'true'], { stdio: 'ignore' })
    return path
  } catch {
    return undefined
  }
}

export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** What it has said lately, for the case that it fails. */
  said(): string
  answer(): string
  /** SIGTERM, and SIGKILL if that does not help; answers when it has ended. */
  stop(): Promise<void>
  /** Answers when it has ended, of itself or by `stop`. */
  readonly ended: Promise<void>
}

export interface StartOptions {
  readonly cpus?: string | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  /** An IPC channel to it. */
  readonly channel?: boolean
  /** Keeps what it writes to stdout whole, as its `answer`. */
  readonly keepsAll?: boolean
}

/** Starts a program. One that cannot be started says so in `said`. */
export function start(command: Command, options: StartOptions = {}): Child {
  const [file, ...args] = placed(command, options.cpus)
  const stdio: StdioOptions = [
    'ignore',
    'pipe',
    'pipe',
    ...(options.channel === true ? ['ipc' as const] : []),
  ]
  const child = spawn(file, args, { stdio, env: { ...process.env, ...options.env } })
  let text = ''
  const answer: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      if (options.keepsAll === true && stream === child.stdout) answer.push(chunk)
      else text = (text + chunk.toString()).slice(-4000)
    })
  }
  running.add(child)
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      text += error.message
      running.delete(child)
      resolve()
    })
    child.on('close', () => {
      running.delete(child)
      resolve()
    })
  })
  return {
    process: child,
    pid: child.pid ?? 0,
    said: () => text,
    answer: () => Buffer.concat(answer).toString(),
    ended,
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await ended
      clearTimeout(timer)
    },
  }
}
