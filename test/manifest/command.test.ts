/** `lastcall inject` and `lastcall check` as real processes: pipes, files, folders, formats, exit codes, help. */
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { file, folder } from '../fixtures/folder.ts'
import { K8S, manifest } from '../fixtures/manifest.ts'
import { lastcall } from '../fixtures/manifest-command.ts'

const path = (name: string) => fileURLToPath(new URL(name, K8S))

void tap.test('inject is a pipe', async (t) => {
  const before = manifest('examples/nginx.before.yaml')
  const after = manifest('examples/nginx.yaml')
  t.same(await lastcall(['inject', '--token', 'change-me'], before), { code: 0, out: after, err: '' })
  t.same(await lastcall(['inject', '-f', '-', '--remove'], after), { code: 0, out: before, err: '' })
})

void tap.test('inject reads files and folders, and prints one stream', async (t) => {
  const place = folder(t)
  const [deployment = '', service = '', budget = ''] = manifest('examples/nginx.before.yaml').split('---\n')
  const one = file(place, 'a.yaml', deployment.trimEnd())
  file(place, 'b.yml', service)
  file(place, 'c.json', '{"kind":"Service","metadata":{"name":"other"},"spec":{}}')
  file(place, 'notes.txt', 'not this')
  const whole = await lastcall(['inject', '-f', place])
  t.equal(whole.code, 0)
  t.equal(whole.out.split('\n---\n').length, 3)
  const two = await lastcall(
    ['inject', `-f${one}`, '--file', '-', '--token=change-me'],
    `${service}---\n${budget}`,
  )
  t.equal(two.out, manifest('examples/nginx.yaml'))
})

void tap.test(
  'a refusal prints only the reasons, with exit code 1; an invalid command line has 2',
  async (t) => {
    const job = await lastcall(['inject', '--strict', '-f', path('examples/job.before.yaml'), '--mode=plain'])
    t.match(job, {
      code: 1,
      out: '',
      err: /^lastcall inject: nothing was changed\n {2}Job import would never complete/,
    })
    t.match(await lastcall(['inject', '-f', '/nowhere', '--settle', '3', '--nmae', 'x']), {
      code: 2,
      out: '',
      err: /^lastcall: 2 errors\n {2}--nmae: unknown flag\n {2}--settle 3: add a unit.*\nSee lastcall inject --help\n$/,
    })
    t.match(await lastcall(['inject', '-f', '/nowhere', '-f']), { code: 2, err: /-f: needs a value/ })
    t.match(await lastcall(['inject', '-f', '/nowhere']), { code: 2, err: /\/nowhere: no such file/ })
    t.match(await lastcall(['check'], 'kind: [\n'), { code: 2, out: '', err: /stdin:2: / })
    t.match(await lastcall(['check'], ''), {
      code: 2,
      err: /no Kubernetes object in the input: nothing was checked/,
    })
    t.match(await lastcall(['check', '--format=xml'], ''), {
      code: 2,
      err: /--output xml: must be text, json, yaml, sarif, junit or github/,
    })
  },
)

void tap.test('what was left out is listed at the end with its line, and the exit code is 3', async (t) => {
  const worker =
    'kind: Deployment\nmetadata: { name: worker }\nspec: { template: { spec: { containers: [{ name: w }] } } }\n'
  const result = await lastcall(
    ['inject', '--token=change-me'],
    `${worker}---\n${manifest('examples/nginx.before.yaml')}`,
  )
  t.same(result.code, 3)
  t.equal(result.out, `${worker}---\n${manifest('examples/nginx.yaml')}`)
  t.match(
    result.err,
    /^lastcall inject: 1 workload was left out, the others are done\n {2}Deployment worker does not say .*\n {4}lastcall inject -f - --name deployment\/worker --app 127\.0\.0\.1:PORT\n$/,
  )
})

void tap.test('what the user should know goes to stderr', async (t) => {
  const { code, err } = await lastcall([
    'inject',
    '-f',
    path('examples/postgrest.before.yaml'),
    '--listen',
    ':8080',
  ])
  t.equal(code, 0)
  t.match(err, /^lastcall inject: Deployment postgrest: Service postgrest now sends to port 8080/)
})

/** The manifests of k8s/ have no token, which is no finding here. */
const QUIET = '--ignore=no-token'

void tap.test('check in three formats', async (t) => {
  const broken = path('broken/hook-host.yaml')
  const asText = await lastcall(['check', QUIET, '-f', broken])
  t.equal(asText.code, 1)
  t.match(
    asText.out,
    `${broken}:68: error: Deployment/web: A hook has a host: host is "127.0.0.1" [hook-host]\n`,
  )
  t.match(
    asText.out,
    /\nFound in 3 objects \(1 workload\): 1 error, 0 warnings\.\n.*lastcall check --explain hook-host\n$/,
  )
  const asJson = await lastcall(['check', QUIET, '-f', broken, '--format', 'json'])
  t.equal(asJson.code, 1)
  t.match(JSON.parse(asJson.out), [
    { rule: 'hook-host', severity: 'error', file: broken, line: 68, document: 1, object: 'Deployment/web' },
  ])
  const asGithub = await lastcall(['check', QUIET, '-f', broken, '--format', 'github'])
  t.equal(asGithub.code, 1)
  t.match(
    asGithub.out,
    new RegExp(`^::error file=${broken},line=68,title=lastcall hook-host::A hook has a host.*%0AFix: .*\\n$`),
  )
  const clean = await lastcall([
    'check',
    QUIET,
    '-f',
    path('postgrest.yaml'),
    '-f',
    path('examples/nginx.yaml'),
  ])
  t.same(clean, { code: 0, out: 'Nothing found in 6 objects (2 workloads).\n', err: '' })
  t.same(await lastcall(['check', QUIET, '-f', path('postgrest.yaml'), '--format=github']), {
    code: 0,
    out: '',
    err: '',
  })
  t.match(
    await lastcall(['check', QUIET, '-f', path('broken/max-surge-zero.yaml')]),
    { code: 0, out: /0 errors, 1 warning\./ },
    'warnings are no failure',
  )
})

void tap.test('each has a help that fits 100 columns', async (t) => {
  for (const command of ['inject', 'check']) {
    const { code, out } = await lastcall([command, '--help'])
    t.equal(code, 0)
    t.match(out, new RegExp(`^lastcall ${command}: .*-f FILE,.*-R .*-n NAMESPACE`, 's'))
    t.same(
      out.split('\n').filter((line) => line.length > 100),
      [],
    )
  }
  t.match((await lastcall(['--help'])).out, /^ {2}lastcall inject .*\n {2}lastcall check /m)
  t.match(await lastcall(['injcet']), { code: 2, err: /did you mean inject\?/ })
})

void tap.test('a manifest of two megabytes comes out of the pipe as a whole', async (t) => {
  const before = manifest('examples/nginx.before.yaml')
  const filler = Array.from(
    { length: 4000 },
    (_, i) =>
      `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${i}\ndata:\n  a: ${'x'.repeat(500)}\n`,
  ).join('')
  const { code, out } = await lastcall(['inject', '--token', 'change-me'], `${before.trimEnd()}\n${filler}`)
  t.equal(code, 0)
  t.ok(out.endsWith(filler), `${out.length} characters`)
})
