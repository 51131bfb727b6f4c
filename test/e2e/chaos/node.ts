/** The node, where the user says how to reach it: a shell there, processes of containers, daemons. */
import { spawn } from 'node:child_process'
import { hear } from '../child.ts'
import { NotHere } from './fault.ts'

const DAEMON_AWAY = 3

/** A process that was killed goes on for as long as a busy machine needs to end it; two seconds are enough for any. */
const UNTIL_GONE = `for process; do
        tries=0
        while [ -e "/proc/$process" ] && [ $tries -lt 200 ]; do sleep 0.01; tries=$((tries + 1)); done
      done`

/** When something was done: before and after it, in milliseconds of the epoch. */
export interface Moment {
  readonly from: number
  readonly to: number
}

export class Node {
  readonly #shell: string | undefined
  readonly #restart: string | undefined

  /**
   * `shell`: a command that runs a shell on the node, which reads its script from stdin. `restart`: a command that restarts
   * the daemon whose name is appended; without it, systemctl on the node. `{node}` in either becomes the node's name.
   */
  constructor(shell: string | undefined, restart: string | undefined) {
    this.#shell = shell
    this.#restart = restart
  }

  get reachable(): boolean {
    return this.#shell !== undefined
  }

  /** Runs the script on that node and returns its stdout; rejects with its stderr. */
  async sh(node: string, script: string): Promise<string> {
    if (this.#shell === undefined) throw new NotHere('needs --node-exec')
    return run(this.#shell.replaceAll('{node}', node).split(/\s+/), script)
  }

  /** Sends a signal to all processes of a container; the moments before and after it. */
  async signal(node: string, containerId: string, signal: string): Promise<Moment> {
    const id = plain(containerId)
    const asked = Date.now()
    const told = await this.sh(
      node,
      `set --
      for file in $(grep -l ${id} /proc/[0-9]*/cgroup 2>/dev/null); do
        process=\${file%/cgroup}
        set -- "$@" "\${process#/proc/}"
      done
      [ $# -gt 0 ] || { echo 'no process of container ${id} on the node' >&2; exit 1; }
      date +%s%3N
      kill -s ${signal} "$@"
      ${signal === 'KILL' ? UNTIL_GONE : ''}
      date +%s%3N`,
    )
    const answered = Date.now()
    // The node's own times, if it has milliseconds and our clock.
    const [from = NaN, to = NaN] = told.trim().split('\n').map(Number)
    return from >= asked && to <= answered ? { from, to } : { from: asked, to: answered }
  }

  /** Does any process of a container live? */
  async lives(node: string, containerId: string): Promise<boolean> {
    const script = `grep -l ${plain(containerId)} /proc/[0-9]*/cgroup 2>/dev/null || true`
    return (await this.sh(node, script)).trim() !== ''
  }

  /** Stops a daemon for so long, and lets it go on; what it missed is still there for it. */
  async freeze(node: string, daemon: string, seconds: number): Promise<void> {
    const script = `process=
      for file in /proc/[0-9]*/comm; do
        [ "$(cat "$file" 2>/dev/null)" != ${daemon} ] || { process=\${file%/comm}; process=\${process#/proc/}; }
      done
      [ -n "$process" ] || { echo AWAY; exit 0; }
      kill -s STOP "$process"
      trap 'kill -s CONT "$process"' EXIT
      sleep ${seconds}`
    if ((await this.sh(node, script)).includes('AWAY')) throw new NotHere(`no process ${daemon} on the node`)
  }

  /** Restarts a daemon. */
  async restart(node: string, daemon: string): Promise<void> {
    if (this.#restart !== undefined) {
      await run([...this.#restart.replaceAll('{node}', node).split(/\s+/), daemon], '')
      return
    }
    const script = `[ -d /run/systemd/system ] || exit ${DAEMON_AWAY}; systemctl restart ${daemon}`
    await this.sh(node, script).catch((error: unknown) => {
      if (String(error).includes(`exit code ${DAEMON_AWAY}`)) {
        throw new NotHere('no systemd on the node: needs --node-restart')
      }
      throw error
    })
  }
}

/** The id itself of `containerd://ID`; throws if it is none. */
function plain(containerId: string): string {
  const id = containerId.replace(/^.*:\/\//, '')
  if (!/^[0-9a-f]{16,}$/.test(id)) throw new Error(`no id of a container: ${containerId}`)
  return id
}

async function run([program, ...args]: readonly string[], script: string): Promise<string> {
  const { out, errors, code } = await hear(spawn(program!, args, { stdio: 'pipe' }), script)
  if (code !== 0) throw new Error(`${program}: ${errors.trim()} (exit code ${code})`)
  return out
}
