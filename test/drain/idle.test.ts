/**
 * Idle keep-alive connections at the worst moments: a POST that is written while the door is being closed is answered
 * and applied exactly once, or, once the listener is closed and nothing else is in flight, not at all. DESIGN §3.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import tap from 'tap'
import { type Ask, KINDS } from '../fixtures/clients.ts'
import { endAfterApp, PHASE, serving, verdictOf } from '../fixtures/drain.ts'
import { rawClient, type RawClient, rawClients, requestText } from '../fixtures/raw.ts'

const COUNT = 200

await tap.test(`a POST on each of ${COUNT} idle connections at every phase change`, async (t) => {
  // Time enough, on a busy machine, for 200 answers before the lame duck begins.
  const { app, sidecar } = await serving(t, ['--settle', '1500ms'])
  const groups = {
    settling: await rawClients(t, sidecar.listen, COUNT),
    lameDuck: await rawClients(t, sidecar.listen, COUNT),
    draining: await rawClients(t, sidecar.listen, COUNT),
    never: await rawClients(t, sidecar.listen, COUNT),
  }
  for (const [phase, clients] of Object.entries(groups)) await postOnAll(`${phase}-before`, clients, false)
  // Keeps the drain from ending before the last group has had its say.
  const long = await rawClient(t, sidecar.listen)
  long.send(requestText('GET', '/gate/long'))
  await app.arrived('long')

  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.settling)
  await postOnAll('settling', groups.settling, false)
  await sidecar.log(PHASE.lameDuck)
  await postOnAll('lameDuck', groups.lameDuck, true)
  await sidecar.log(PHASE.draining)
  await postOnAll('draining', groups.draining, true)

  app.release('long')
  t.equal((await long.answer()).closes, true)
  const all = Object.values(groups).flat()
  const ends = await Promise.all(all.map(async (client) => client.end()))
  t.same(
    ends.filter((end) => end !== 'fin'),
    [],
    'every connection ends in peace',
  )
  t.same(
    all.filter((client) => client.rest !== ''),
    [],
    'and without another byte',
  )
  t.equal(await endAfterApp(app, sidecar), 0)
  t.equal(app.journal.length, 7 * COUNT, 'each applied')
  t.same(app.appliedTwice, [], 'none twice')
  t.match(verdictOf(sidecar), { cut: 0, finished: 3 * COUNT + 1 })

  async function postOnAll(name: string, clients: RawClient[], closes: boolean): Promise<void> {
    clients.forEach((client, i) => client.send(requestText('POST', `/post/${name}-${i}`, 'x'.repeat(i))))
    const answers = await Promise.all(clients.map(async (client) => client.answer('POST')))
    const wrong = answers.filter(
      (answer, i) =>
        answer.body !== `applied ${name}-${i}` || answer.status !== 200 || answer.closes !== closes,
    )
    t.same(wrong, [], `${name}: every POST was answered, ${closes ? 'told to leave' : 'as ever'}`)
  }
})

await tap.test(
  'POSTs that cross the end of the lame duck are answered, or never reached the app',
  async (t) => {
    // The end comes by lame-duck-max, as POSTs all the time are no quiet.
    const { app, sidecar } = await serving(t, [
      '--settle',
      '50ms',
      '--quiet',
      '300ms',
      '--lame-duck-max',
      '300ms',
    ])
    const clients = await rawClients(t, sidecar.listen, COUNT / 2)
    sidecar.signal('SIGTERM')
    await sidecar.log(PHASE.lameDuck)
    // A few milliseconds apart, so that nothing is in flight between them, until well beyond the end of the lame duck.
    const outcomes: Promise<boolean>[] = []
    const start = performance.now() + 250
    for (const [i, client] of clients.entries()) {
      // The first at once: it is answered however slow the machine is.
      const at = i === 0 ? 0 : start + 2 * i
      while (performance.now() < at) await turn()
      if (client.ended === undefined) client.send(requestText('POST', `/post/${i}`, 'x'))
      outcomes.push(outcome(client, i))
    }
    const all = await Promise.all(outcomes)
    t.equal(await endAfterApp(app, sidecar), 0)
    const answered = all.flatMap((one, i) => (one ? [`POST ${i}`] : []))
    t.same(app.journal.toSorted(), answered.toSorted(), 'applied is what was answered, once')
    t.comment(`${answered.length} of ${clients.length} answered`)
    t.ok(answered.length > 0, 'some were answered')

    /** Whether the POST was answered; a connection that ends without an answer ends by FIN and without a byte. */
    async function outcome(client: RawClient, i: number): Promise<boolean> {
      await client.until('the end', () => client.ended !== undefined).catch(() => undefined)
      if (client.text === '') return false
      const answer = await client.answer('POST')
      t.equal(answer.body, `applied ${i}`)
      return true
    }
  },
)

await tap.test('pipelined requests are all answered, across every phase change', async (t) => {
  const { app, sidecar } = await serving(t)
  const moments = ['settling', 'lameDuck', 'draining'] as const
  const clients = await rawClients(t, sidecar.listen, moments.length)
  for (const [i, moment] of moments.entries()) {
    const first = requestText('GET', `/gate/${moment}/${i % 2 === 0 ? 'chunks' : 'body'}`)
    clients[i]!.send(
      first +
        requestText('POST', `/post/${moment}-2`, 'two') +
        requestText('POST', `/post/${moment}-3`, 'three').slice(0, -2),
    )
    await app.arrived(moment)
  }
  sidecar.signal('SIGTERM')
  for (const [i, moment] of moments.entries()) {
    const client = clients[i]!
    await sidecar.log(PHASE[moment])
    client.send('ee')
    app.release(moment)
    const answers = [await client.answer('GET'), await client.answer('POST'), await client.answer('POST')]
    t.same(
      answers.map(({ status }) => status),
      [200, 200, 200],
      moment,
    )
    t.same(
      answers.slice(1).map(({ body }) => body),
      [`applied ${moment}-2`, `applied ${moment}-3`],
    )
    t.same(
      answers.map(({ closes }) => closes),
      [false, false, moment !== 'settling'],
      'only the last says goodbye',
    )
  }
  for (const client of clients) t.equal(await client.end(), 'fin')
  t.equal(await endAfterApp(app, sidecar), 0)
  t.equal(app.journal.length, 2 * moments.length)
  t.same(app.appliedTwice, [])
})

await tap.test('who dials at the last moment, and asks a moment later, is served', async (t) => {
  const { app, sidecar } = await serving(t, [
    '--settle',
    '50ms',
    '--quiet',
    '300ms',
    '--lame-duck-max',
    '300ms',
  ])
  sidecar.signal('SIGTERM')
  await sidecar.log(PHASE.lameDuck)
  const clients: { readonly client: RawClient; readonly at: number }[] = []
  for (;;) {
    const client = await rawClient(t, sidecar.listen).catch((error: NodeJS.ErrnoException) => error.code)
    if (typeof client !== 'object') break // refused
    clients.push({ client, at: performance.now() })
    await sleep(3)
  }
  // The last ones, as far as they ask within what may be one round trip: a starved test is a client that has gone.
  const now = performance.now()
  const last = clients.slice(-10).flatMap(({ client, at }) => (now - at < 250 ? [client] : []))
  last.forEach((client, i) => client.send(requestText('POST', `/post/${i}`, 'x')))
  const answers = await Promise.all(
    last.map(async (client) => client.answer('POST').catch(() => client.ended)),
  )
  // Who is in the kernel's queue in the very moment of the close is reset by it: one, hardly ever. A FIN would be ours.
  const served = answers.filter((answer) => typeof answer === 'object')
  t.ok(
    answers.every((answer) => typeof answer === 'object' || answer === 'reset'),
    'nobody is told goodbye before they have asked',
  )
  t.ok(served.length >= last.length - 1, `${served.length} of ${last.length} served`)
  t.same(app.journal.toSorted(), served.map(({ body }) => body.replace('applied', 'POST')).toSorted())
  t.equal(await endAfterApp(app, sidecar), 0)
})

for (const { name, skip, start } of KINDS) {
  await tap.test(
    `${name}: a client that never stops asking loses nothing until new connections are refused`,
    { skip },
    async (t) => {
      const { app, sidecar } = await serving(t, ['--lame-duck-max', '500ms'])
      const ask: Ask = start(t, sidecar.listen)
      let posts = 0
      const loop = async (): Promise<unknown> => {
        for (; ; posts += 1) {
          try {
            const answer = await ask({ method: 'POST', path: `/post/${posts}`, body: 'x' })
            if (answer.body !== `applied ${posts}`) return answer
          } catch (error) {
            return error
          }
        }
      }
      const asking = loop()
      sidecar.signal('SIGTERM')
      const refused = await asking
      t.equal(await endAfterApp(app, sidecar), 0)
      // The kernel resets who dials in the very moment of the close; and an idle connection may be closed while a
      // request is on its way to it, if its client was slower than all of the phases. Neither was ever heard of.
      const expected = {
        undici: /ECONNREFUSED|ECONNRESET|other side closed/,
        'node:http agent': /ECONNREFUSED|ECONNRESET|socket hang up/,
        curl: /exit code (?:7|56)/,
        'raw socket': /ECONNREFUSED|ECONNRESET|: reset, after: ""/,
      }[name]
      t.match(refused, expected!, 'the first that failed was refused')
      t.same(
        app.journal,
        Array.from({ length: posts }, (_, i) => `POST ${i}`),
      )
    },
  )
}

async function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
