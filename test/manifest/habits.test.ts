/** What people who use kubectl expect of a command: files without a flag, -R, -n, -o, pipes that pass on. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { parse } from 'yaml'
import { readCheckArguments, readInjectArguments } from '../../src/tools/manifest/arguments.ts'
import { file, folder } from '../fixtures/folder.ts'
import { lastcall } from '../fixtures/manifest-command.ts'
import { found, injection, K8S, manifest } from '../fixtures/manifest.ts'

const BEFORE = manifest('examples/nginx.before.yaml')
const BROKEN = fileURLToPath(new URL('broken/hook-host.yaml', K8S))
/** The manifests of k8s/ have no token, which is no finding here. */
const QUIET = '--ignore=no-token'
const WARNING = fileURLToPath(new URL('broken/max-surge-zero.yaml', K8S))

function source(...argv: string[]) {
  const outcome = readCheckArguments(argv)
  return outcome.kind === 'problems' ? outcome.problems : outcome.arguments.source
}

void tap.test('command lines as kubectl takes them', async (t) => {
  t.same(source('a.yaml', '-f', 'b,c', '-fd', '-f=e', '--filename=f', '-R', '-nprod', '-'), {
    files: ['b,c', 'd', 'e', 'f', 'a.yaml', '-'],
    recursive: true,
    namespace: 'prod',
  })
  t.same(source('-Rf', 'dir'), { files: ['dir'], recursive: true, namespace: undefined })
  t.same(source('-n', '-f', 'x'), ['--namespace: needs a value'])
  t.match(source('-x', 'x'), [/^-x: no such flag/])
  const inject = readInjectArguments(['web.yaml', '--settle', '5s', '--name', 'a,b', '--name=c'])
  t.match(inject, {
    kind: 'arguments',
    arguments: {
      source: { files: ['web.yaml'] },
      names: ['a', 'b', 'c'],
      request: { given: new Map([['settle', '5s']]) },
    },
  })
  const wrong = readCheckArguments(['--only', 'hook-hots', '--fail-on', 'warn', '-o', 'yml', '--name=x'])
  t.same(wrong.kind === 'problems' && wrong.problems, [
    '--name: unknown flag; did you mean --namespace?',
    '--output yml: must be text, json, yaml, sarif, junit or github; did you mean yaml?',
    '--only hook-hots: no such rule; did you mean hook-host?',
    '--fail-on warn: must be error or warning; did you mean warning?',
  ])
})

void tap.test('manifests in subfolders: an error that says -R, and -R reads them', async (t) => {
  const place = folder(t)
  const inside = join(place, 'base', 'web')
  mkdirSync(inside, { recursive: true })
  file(inside, 'app.yaml', BEFORE)
  file(place, 'notes.txt', 'not this')
  symlinkSync(place, join(inside, 'again'))
  t.match(await lastcall(['check', place]), {
    code: 2,
    out: '',
    err: `${place}: no manifests in the folder itself, but 1 in its subfolders; add -R to read those too`,
  })
  t.match(await lastcall(['check', '-R', place]), {
    code: 0,
    out: /: warning: Deployment\/nginx: .*\[nothing-drains\]\n\nFound in 3 objects \(1 workload\): 0 errors, 1 warning\./,
  })
  const empty = join(place, 'empty')
  mkdirSync(empty)
  t.match(await lastcall(['check', '-R', '-f', empty]), { code: 2, err: /empty: no manifests in the folder/ })
  t.match(await lastcall(['check'], '# nothing\n'), {
    code: 2,
    err: /no Kubernetes object in the input: nothing was checked/,
  })
})

void tap.test('files that are no manifests are skipped and counted', async (t) => {
  const place = folder(t)
  file(place, 'app.yaml', BEFORE)
  const values = file(place, 'values.yaml', 'replicaCount: 1\nimage: { tag: x }\n')
  file(place, 'kustomization.yaml', 'resources: [app.yaml]\n')
  file(place, 'component.yaml', 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n')
  file(place, 'tsconfig.json', '{ // of something else\n  "strict": true\n}\n')
  const template = file(place, 'template.yaml', 'kind: Service\nmetadata: {{ include "labels" . }}\n')
  const checked = await lastcall(['check', place])
  t.match(checked, { code: 0, err: '' })
  t.match(checked.out, `4 files skipped, not a Kubernetes manifest: ${join(place, 'component.yaml')}, `)
  t.match(
    checked.out,
    `1 file skipped, a template (render it first: helm template ... | lastcall ...): ${template}.`,
  )
  const done = await lastcall(['inject', place, '--token=change-me'])
  t.same([done.code, done.out], [0, manifest('examples/nginx.yaml')])
  t.match(done.err, /4 files skipped, not a Kubernetes manifest/)
  t.match(await lastcall(['check', values]), { code: 2, err: /1 file skipped.*\n.*nothing was checked/ })
  t.match(
    await lastcall(['check', template]),
    { code: 2, err: /:2: a template/ },
    'named by hand it is an error',
  )
})

void tap.test('a stream without workloads passes through inject unchanged', async (t) => {
  const stream = '# only this\r\nkind: ConfigMap\r\napiVersion: v1\r\nmetadata: { name: "\\u0061" }'
  t.match(await lastcall(['inject'], stream), { code: 0, out: stream })
  t.match(await lastcall(['inject', '--remove'], stream), { code: 0, out: stream })
  t.match(await lastcall(['inject'], ''), { code: 0, out: '' })
  t.match(await lastcall(['check'], stream), {
    code: 0,
    out: 'Nothing found in 1 object (0 workloads).\n',
  })
})

void tap.test('-f a,b is two files; -n leaves other namespaces alone', async (t) => {
  const place = folder(t)
  const [deployment = '', service = '', budget = ''] = BEFORE.split('---\n')
  const one = file(place, 'one.yaml', deployment)
  const two = file(place, 'two,b.yaml', `${service}---\n${budget}`)
  const both = await lastcall(['inject', '-f', one, two, '--token=change-me'])
  t.equal(both.out, manifest('examples/nginx.yaml'), 'a file whose name has a comma is that file')
  file(place, 'b.yaml', service)
  t.match(await lastcall(['check', '-f', `${one},${join(place, 'b.yaml')}`]), { out: /Found in 2 objects/ })
  const other = BEFORE.replaceAll('metadata:\n  name: nginx', 'metadata:\n  namespace: other\n  name: nginx')
  t.match(injection([BEFORE, other], '-n', 'here', '--token=change-me'), {
    kind: 'text',
    text: `${manifest('examples/nginx.yaml')}---\n${other}`,
  })
  const mine = await lastcall(['check', '-n', 'here', '-o', 'json'], `${BEFORE}---\n${other}`)
  t.equal((JSON.parse(mine.out) as unknown[]).length, 1)
  t.equal(found(BEFORE, other).length, 2)
})

void tap.test('check tells programs in YAML, SARIF and JUnit', async (t) => {
  const yaml = await lastcall(['check', QUIET, BROKEN, '-o', 'yaml'])
  t.match(parse(yaml.out), [{ rule: 'hook-host', severity: 'error', line: 68, object: 'Deployment/web' }])
  const sarif = JSON.parse((await lastcall(['check', QUIET, BROKEN, WARNING, '-osarif'])).out) as object
  t.match(sarif, {
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'lastcall', rules: [{ id: 'hook-host' }, { id: 'max-surge-zero' }] } },
        results: [
          {
            ruleId: 'hook-host',
            ruleIndex: 0,
            level: 'error',
            message: { text: 'Deployment/web: A hook has a host: host is "127.0.0.1"' },
            locations: [
              { physicalLocation: { artifactLocation: { uri: BROKEN }, region: { startLine: 68 } } },
            ],
          },
          { ruleId: 'max-surge-zero', ruleIndex: 1, level: 'warning' },
        ],
      },
    ],
  })
  const junit = await lastcall(['check', QUIET, BROKEN, WARNING, '-o', 'junit'])
  t.match(
    junit.out,
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites>\n {2}<testsuite name="lastcall check" tests="2" failures="1">\n/,
  )
  t.match(
    junit.out,
    /<testcase classname="hook-host" .*line="68"><failure type="hook-host" message=".*host is &quot;127/,
  )
  t.match(junit.out, /<testcase classname="max-surge-zero" .*<system-out>/)
  t.match(
    (await lastcall(['check', '-o', 'junit'], 'kind: X')).out,
    /tests="1" failures="0">\n.*name="check"\/>/,
  )
})

void tap.test('rules are chosen, and warnings can fail', async (t) => {
  t.match(await lastcall(['check', QUIET, BROKEN, '--ignore', 'hook-host,max-surge-zero']), {
    code: 0,
    out: /^Nothing found/,
  })
  t.match(await lastcall(['check', QUIET, BROKEN, '--only=max-surge-zero']), {
    code: 0,
    out: /^Nothing found/,
  })
  t.match(await lastcall(['check', QUIET, WARNING]), { code: 0 })
  t.match(await lastcall(['check', QUIET, WARNING, '--fail-on=warning']), { code: 1, out: /1 warning\./ })
  const explained = await lastcall(['check', '--explain', 'hook-host'])
  t.equal(explained.code, 0)
  t.match(explained.out, /^hook-host \(error\): A hook has a host\.\n {2}Requests: .*\n {2}Fix: {6}.*\n$/)
})

void tap.test('concatenated JSON, CRLF, no newline at the end and \\u escapes survive', async (t) => {
  const app =
    '{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"w\\u0065b"},"spec":{"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"web","image":"web:1","ports":[{"containerPort":3000}]}]}}}}'
  const other = '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"\\u0061"}}'
  for (const text of [`${other}${app}\n${other}`, `{\r\n  "kind": "List",\r\n  "items": [\r\n${app}]}`]) {
    const after = (await lastcall(['inject'], text)).out
    t.match(after, '"name":"w\\u0065b"')
    t.match(after, '"name":"lastcall"')
    t.notOk(after.endsWith('\n'))
    t.equal((await lastcall(['inject', '--remove'], after)).out, text)
    t.match((await lastcall(['check', '-o', 'json'], text)).out, '"object": "Deployment/web"')
  }
})
