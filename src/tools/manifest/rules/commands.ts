/** Rules about commands: those of preStop hooks, and the one that a container starts with. */
import { preStopOf } from '../hook.ts'
import type { Rule } from '../rule.ts'
import { list, text } from '../tree.ts'
import type { Container } from '../workload.ts'

/**
 * The last command of a script that a shell runs as process 1, if the shell does not replace itself with it. Tested with
 * dash 0.5.12 (the sh of Debian and Ubuntu), bash 5.2 and busybox 1.35: bash and busybox replace themselves with the last
 * command unless it is part of a pipeline; dash does so only if the command begins with exec.
 */
function shellScript({ value }: Container): string | undefined {
  const words = [...list(value['command']), ...list(value['args'])].map((word) => text(word) ?? '')
  const flag = words.findIndex((word, i) => i > 0 && /^-[a-z]*c$/.test(word))
  const [, shell] = /^(?:\/(?:usr\/)?bin\/)?(ba|da|a|)sh$/.exec(words[0] ?? '') ?? []
  if (shell === undefined || flag === -1) return undefined
  const script = (words[flag + 1] ?? '')
    .replace(/\\\n/g, ' ')
    // Quoted text and here-documents contain no commands.
    .replace(/<<-?\s*['"]?(\w+)['"]?[^]*?\n\s*\1\s*$/gm, '')
    .replace(/'[^']*'|"(\\.|[^"\\])*"/g, (quoted) => quoted.replace(/[;&|\n]/g, ' '))
  const steps = script
    .split(/&&|\|\||[;\n]/)
    .map((step) => step.trim())
    .filter((step) => step !== '' && !step.startsWith('#'))
  const last = steps.at(-1) ?? ''
  const piped = /\|/.test(last)
  const replaces = shell === 'ba' || /\b(alpine|busybox)\b/.test(text(value['image']) ?? '')
  // If the script ends with a loop or a condition, or traps signals, its last command is unknown.
  if (last === '' || /\btrap\b/.test(script) || /^(exec\b|done|fi|esac|\})/.test(last)) return undefined
  if (replaces && !piped) return undefined
  return last.length > 40 ? `${last.slice(0, 40)}...` : last
}

export const COMMAND_RULES: readonly Rule[] = [
  {
    id: 'prestop-does-nothing',
    severity: 'warning',
    title: 'A preStop hook that does nothing',
    requests:
      'It returns at once and SIGTERM follows, as if there were no hook. Requests that still arrive meet an app that is already stopping.',
    fix: 'Let lastcall inject replace it, or make it wait: preStop.sleep (Kubernetes 1.30 and later), or exec sleep.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) =>
        workload.containers.flatMap((container) => {
          const hook = preStopOf(container)
          if (!serves || hook.kind !== 'nothing') return []
          const path = [...container.path, 'lifecycle', 'preStop', hook.how]
          return [{ place: workload, path, saw: `the hook of container ${container.name} is ${hook.said}` }]
        }),
      ),
  },
  {
    id: 'prestop-cuts',
    severity: 'error',
    title: 'A preStop hook stops the server in the middle of requests',
    requests:
      "The command is the server's fast shutdown: it closes connections at once, with whatever is in flight on them, and new connections are refused while the endpoints still list the pod.",
    fix: 'Remove the hook and let lastcall inject add its own: the app is then stopped by its signal once nothing is in flight. (nginx: its image has STOPSIGNAL SIGQUIT, the graceful shutdown.)',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, serves }) =>
        workload.containers.flatMap((container) => {
          const hook = preStopOf(container)
          if (!serves || hook.kind !== 'cuts') return []
          const path = [...container.path, 'lifecycle', 'preStop', hook.how]
          return [{ place: workload, path, saw: `the hook of container ${container.name} is ${hook.said}` }]
        }),
      ),
  },
  {
    id: 'shell-as-process-1',
    severity: 'warning',
    title: 'A shell is process 1 of the container, and does not pass signals on',
    requests:
      'SIGTERM reaches the shell, which ignores it (as dash does, the sh of Debian and Ubuntu images): the app never learns that it should stop, and is killed at the end of the grace period with its requests in flight. Every stop takes the whole grace period.',
    fix: 'Put exec before the last command of the script, so that the app replaces the shell.',
    find: ({ workloads }) =>
      workloads.flatMap(({ workload, apps, serves }) =>
        apps.flatMap((container) => {
          const last = serves ? shellScript(container) : undefined
          if (last === undefined) return []
          const key = container.value['command'] === undefined ? 'args' : 'command'
          const saw = `container ${container.name} runs a script whose last command is ${JSON.stringify(last)}, without exec`
          return [{ place: workload, path: [...container.path, key], saw }]
        }),
      ),
  },
]
