/** `/status` by way of `kubectl proxy`: what a hostile pod may answer, and what is left of it all at the end. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import tap from 'tap'
import { ApiProxy } from '../../src/tools/cluster/api-proxy.ts'
import { ownKubectl } from '../../src/tools/cluster/own-kubectl.ts'
import { type Answer, lastcallPlugin, RecordedKubectl } from '../fixtures/kubectl.ts'
import { podObject, statusObject } from '../fixtures/scripted-cluster.ts'
import type { Owner } from '../fixtures/program.ts'
import { until } from '../fixtures/until.ts'

const path = (pod: string) => `/api/v1/namespaces/shop/pods/${pod}:9099/proxy/status`
const SERVING = JSON.stringify(statusObject('serving'))
const status = (message: string, reason: string, code: number) =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code })

/** Somebody on the network to whom a pod would like to send the user's token. */
async function catcher(t: Owner): Promise<{ readonly url: string; readonly caught: string[] }> {
  const caught: string[] = []
  const server = createServer((request, response) => {
    caught.push(`${request.method} ${request.url}`)
    response.end(SERVING)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, caught }
}

void tap.test('a redirect that a pod answers is not followed, and never by kubectl get --raw', async (t) => {
  const { url, caught } = await catcher(t)
  const kubectl = new RecordedKubectl(t, [
    { args: /^get pods -o json/, out: { items: [podObject('evil'), podObject('web-1')] } },
    { args: `ask ${path('evil')}`, status: 302, redirect: url },
    { args: `ask ${path('web-1')}`, out: SERVING },
    { args: /^api-resources/, out: '' },
  ])
  const { code, out } = await lastcallPlugin(kubectl, ['status'])
  t.equal(code, 0)
  t.match(out, /^evil +yes +\? /m)
  t.match(
    out,
    /\? evil: it answers with a redirect, which lastcall never sends; the redirect was not followed/,
  )
  t.match(out, /^web-1 +yes +serving /m, 'the others are told all the same')
  t.same(caught, [])
  const lines = kubectl.calls.map(({ args }) => args)
  t.notOk(lines.some((line) => line.includes('--raw')))
  t.equal(lines.filter((line) => line.startsWith('proxy ')).length, 1, 'one kubectl asks all pods')
})

void tap.test(
  'kubectl proxy: a socket of this user, GET of /status and nothing else, gone at the end',
  async (t) => {
    const recorded = new RecordedKubectl(t, [{ args: `ask ${path('web-1')}`, out: SERVING }])
    const kubectl = ownKubectl(recorded.command, ['--context=mine'])
    t.teardown(() => kubectl.end())
    t.equal(await kubectl.ask(path('web-1')), SERVING)
    const line = recorded.calls[0]!.args
    const [, socket = '', filter = ''] = /^proxy --unix-socket=(\S+) (.*)$/.exec(line) ?? []
    t.equal(
      filter,
      '--accept-paths=^/api/v1/namespaces/[^/]+/pods/[^/]+/proxy/status$ --reject-methods=^[^G] --context=mine',
    )
    t.ok(existsSync(socket))
    kubectl.end()
    t.notOk(existsSync(dirname(socket)), 'nothing is left on the disk')
    t.equal(await kubectl.ask(path('web-1')), SERVING, 'asked again, it is started again')
  },
)

void tap.test('a kubectl proxy that has died is started again by the next question', async (t) => {
  const recorded = new RecordedKubectl(t, [{ args: `ask ${path('web-1')}`, out: SERVING }])
  // /pid is the stand-in's own.
  const kubectl = ownKubectl(recorded.command, [])
  t.teardown(() => kubectl.end())
  await kubectl.ask(path('web-1'))
  const socket = /--unix-socket=(\S+)/.exec(recorded.calls[0]!.args)![1]!
  process.kill(Number((await kubectl.ask('/pid')) || 0))
  await until('its end', () => !existsSync(socket))
  t.equal(await kubectl.ask(path('web-1')), SERVING)
})

void tap.test('after Ctrl-C no kubectl is started', async (t) => {
  let started = 0
  const proxy = new ApiProxy(
    () => {
      started += 1
      throw new Error('started')
    },
    (error) => error,
  )
  await t.rejects(proxy.get(path('web-1'), { signal: AbortSignal.abort() }), { name: 'AbortError' })
  t.equal(started, 0)
})

void tap.test('what cannot be had is told in the words of whoever refused', async (t) => {
  const answers: Answer[] = [
    {
      args: `ask ${path('mine')}`,
      status: 403,
      out: status(
        'pods "mine:9099" is forbidden: User "me" cannot get resource "pods/proxy"',
        'Forbidden',
        403,
      ),
    },
    {
      args: `ask ${path('away')}`,
      status: 503,
      out: status(
        'error trying to reach service: dial tcp 10.0.0.1:9099: connect: connection refused',
        'ServiceUnavailable',
        503,
      ),
    },
    { args: `ask ${path('text')}`, status: 500, out: 'oops\nmore' },
    { args: `ask ${path('long')}`, out: 'x'.repeat(2_000_000) },
    { args: `ask ${path('never')}`, stays: true },
  ]
  const kubectl = ownKubectl(new RecordedKubectl(t, answers).command, [])
  t.teardown(() => kubectl.end())
  await t.rejects(kubectl.ask(path('mine')), {
    message: /^Error from server \(Forbidden\): pods "mine:9099" is forbidden/,
    cause: { reason: 'forbidden' },
  })
  await t.rejects(kubectl.ask(path('away')), {
    message: /^Error from server \(ServiceUnavailable\): error trying to reach service: .*connection refused/,
  })
  await t.rejects(kubectl.ask(path('text')), { message: 'Error from server: it answers 500: oops' })
  await t.rejects(kubectl.ask(path('long'), { last: 1_000_000 }), {
    message: /longer than 1000000 characters/,
  })
  await t.rejects(kubectl.ask(path('never'), { signal: AbortSignal.timeout(50) }), {
    name: /AbortError|TimeoutError/,
  })
})

void tap.test('a kubectl that cannot be started, or that cannot serve, says why', async (t) => {
  await t.rejects(ownKubectl('/nowhere/kubectl', []).ask(path('web-1')), {
    message: /not found\nInstall kubectl/,
  })
  // As of a wrapper that runs kubectl on another machine.
  const deaf = new RecordedKubectl(t, [{ args: /^version/, out: '' }])
  const kubectl = ownKubectl(
    `${process.execPath} -e console.error("error:no");process.exit(1) ${deaf.command}`,
    [],
  )
  await t.rejects(kubectl.ask(path('web-1')), { message: 'error:no' })
})
