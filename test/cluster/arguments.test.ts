/** The command line of `kubectl lastcall`, as users of kubectl write it. */
import tap from 'tap'
import { ADD } from '../../src/tools/cluster/adding.ts'
import { readAsked, shellLine, type Asked, type Takes } from '../../src/tools/cluster/arguments.ts'

const ONE: Takes = { targets: 'one', several: false, flags: new Map([['force', 'switch']]) }
const ANY: Takes = { targets: 'any', several: true, flags: new Map() }

function asked(line: string, takes: Takes): Asked {
  const outcome = readAsked(line.split(' ').filter(Boolean), takes)
  if (outcome.kind === 'problems') throw new Error(outcome.problems.join('\n'))
  return outcome.asked
}

function problems(line: string, takes: Takes): string {
  const outcome = readAsked(line.split(' ').filter(Boolean), takes)
  return outcome.kind === 'problems' ? outcome.problems.join('\n') : ''
}

void tap.test('a workload is named as kubectl has it', async (t) => {
  for (const line of ['deploy/web', 'deploy web']) t.same(asked(line, ONE).targets, ['deploy/web'], line)
  t.same(asked('deploy/web sts/db', ANY).targets, ['deploy/web', 'sts/db'])
  t.same(asked('pods a b', ANY).targets, ['pods/a', 'pods/b'])
  t.same(asked('', ANY).targets, [])
  t.match(problems('', ONE), /name a workload as TYPE\/NAME, such as deploy\/web/)
  t.match(problems('web', ONE), /web: must be TYPE\/NAME, such as deploy\/web/)
  t.match(problems('a/b/c', ONE), /a\/b\/c: must be TYPE\/NAME/)
  t.match(problems('deploy/web db', ANY), /write each as TYPE\/NAME/)
  t.match(problems('deploy/a deploy/b', ONE), /name only one workload/)
})

void tap.test('flags of kubectl, in each of its spellings, go to kubectl', async (t) => {
  for (const flag of ['-n shop', '-nshop', '-n=shop', '--namespace shop', '--namespace=shop']) {
    const { kubectlFlags, namespace } = asked(`deploy/web ${flag}`, ONE)
    t.same(kubectlFlags, ['--namespace=shop'], flag)
    t.equal(namespace, 'shop', flag)
  }
  t.same(asked('--context test --kubeconfig=k --as me deploy/web', ONE).kubectlFlags, [
    '--context=test',
    '--kubeconfig=k',
    '--as=me',
  ])
  for (const flag of ['-o json', '-ojson', '-o=json', '--output json'])
    t.equal(asked(`deploy/web ${flag}`, ONE).output, 'json', flag)
  t.equal(asked('deploy/web', ONE).output, 'text')
  t.match(problems('deploy/web -o yaml', ONE), /-o yaml: must be json/)
  t.ok(asked('deploy/web --force', ONE).values.has('force'))
  t.match(problems('deploy/web --froce', ONE), /--froce: unknown flag; did you mean --force\?/)
  t.match(problems('deploy/web -n', ONE), /--namespace: needs a value/)
})

void tap.test('a selector and all namespaces, where a command may look at several', async (t) => {
  t.equal(asked('-l app=web', ANY).selector, 'app=web')
  t.ok(asked('-A', ANY).allNamespaces)
  t.match(problems('deploy/web -l app=web', ONE), /-l: this command changes one workload/)
  t.match(problems('deploy/web -A', ONE), /-A: this command changes one workload/)
  t.match(problems('deploy/web -l app=web', ANY), /cannot be combined with -l or -A/)
  t.match(problems('-n shop -A', ANY), /-n and -A cannot be combined/)
})

void tap.test('what kubectl has and lastcall has not is said with a hint', async (t) => {
  for (const line of ['deploy/web --dry-run', 'deploy/web --dry-run=server'])
    t.match(problems(line, ONE), /^--dry-run: not supported; each change is tried with a dry run/, line)
  t.match(problems('--token x', ANY), /^--token: only add has this flag, for the token of lastcall/)
  t.same(asked('--as a --as-group b --as-group=c', ANY).kubectlFlags, [
    '--as=a',
    '--as-group=b',
    '--as-group=c',
  ])
})

void tap.test('a line to run again is for a shell, and has no token', async (t) => {
  t.equal(shellLine(['add', 'deploy/web', '--token', 'secret']), 'add deploy/web --token "$TOKEN"')
  t.equal(shellLine(['add', '--token=secret', '-n', 'a b']), 'add --token="$TOKEN" -n \'a b\'')
  t.equal(shellLine(['--kubeconfig=/a b/$c', "it's"]), "'--kubeconfig=/a b/$c' 'it'\\''s'")
})

void tap.test('add: no time at all, and a token of the cluster, are refused', async (t) => {
  const { problems: of } = ADD
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2ln'
  t.match(of!(asked('deploy/web --timeout 0s', ADD)), ['--timeout 0s: must be more than 0'])
  t.match(of!(asked(`deploy/web --token ${jwt}`, ADD)), [/looks like a token for the Kubernetes API/])
  t.same(of!(asked('deploy/web --token change-me --timeout 5m', ADD)), [])
})
