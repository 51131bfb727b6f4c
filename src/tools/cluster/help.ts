/** The texts of `kubectl lastcall --help` and of its commands. Pure. */
import { table, WIDTH, wrap, type Row } from '../../cli/columns.ts'
import type { Command } from './command.ts'

const LEFT = 26
const COMMON_ROWS: readonly Row[] = [
  ['-n, --namespace NAMESPACE', "the namespace [the context's]"],
  ['--context CONTEXT', 'a context of the kubeconfig [the current one]'],
  ['--kubeconfig FILE', 'the kubeconfig [as kubectl finds it]'],
]
const SEVERAL_ROWS: readonly Row[] = [
  ['-l, --selector SELECTOR', 'only objects with these labels'],
  ['-A, --all-namespaces', 'in all namespaces'],
]
const LAST_ROWS: readonly Row[] = [
  ['-o, --output json', 'print the result as JSON; progress goes to standard error'],
  ['--help', 'show this help'],
]

/** `kubectl lastcall --help` */
export function mainHelp(commands: readonly Command[]): string {
  return [
    paragraph(
      'Adds lastcall to workloads in a running cluster and removes it again, shows what it is doing, and follows rollouts. ' +
        'Uses your own kubectl, with its context and namespace, and installs nothing in the cluster.',
    ),
    'Usage:\n  kubectl lastcall COMMAND [TYPE/NAME] [options]',
    `Commands:\n${table(
      commands.map(({ name, line }): Row => [name, line]),
      LEFT,
    )}`,
    `Options:\n${table([...COMMON_ROWS, ...LAST_ROWS, ['--version', 'show the version']], LEFT)}`,
    paragraph(
      '--cluster, --user, --as, --as-group, --server and --request-timeout are also passed to kubectl. The variable KUBECTL ' +
        'selects another kubectl than the one in the PATH.',
    ),
    'kubectl lastcall COMMAND --help explains each command.',
    'Exit codes: 0 done; 1 not done, or errors found; 2 invalid usage; 130 interrupted.',
  ].join('\n\n')
}

/** `kubectl lastcall COMMAND --help` */
export function commandHelp({ name, line, more, usage, rows, notes, several }: Command): string {
  const common = [...COMMON_ROWS, ...(several ? SEVERAL_ROWS : []), ...LAST_ROWS]
  return [
    `kubectl lastcall ${name}: ${line}.\n\n${paragraph(more)}`,
    `Usage:\n${usage.map((one) => `  kubectl lastcall ${name}${one === '' ? '' : ` ${one}`}`).join('\n')}`,
    `Options:\n${table([...rows, ...common], LEFT)}`,
    ...notes.map(paragraph),
  ].join('\n\n')
}

function paragraph(text: string): string {
  return wrap(text, WIDTH).join('\n')
}
