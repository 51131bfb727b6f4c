/** A gRPC app behind lastcall answers as it does alone: calls of all four kinds, failures, large headers and messages. */
import { Metadata } from '@grpc/grpc-js'
import tap from 'tap'
import { GrpcClient, startGrpcApp } from '../fixtures/grpc.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

const NUMBERS = Array.from({ length: 50 }, (_, n) => n)

/** What a client sees of the app at this address. */
async function seen(address: string) {
  const client = new GrpcClient(address)
  const large = new Metadata()
  large.set('x-large', 'v'.repeat(6000))
  large.set('x-larger', '~'.repeat(12_000)) // Not shortened by Huffman's code: it needs a CONTINUATION.
  try {
    return await Promise.all([
      client.ask('hello').then(({ text }) => text),
      client.ask('x'.repeat(3_000_000)).then(({ text }) => text.length),
      client.ask('large', large).then(({ text }) => text),
      client.ask('fail').catch(({ code, details }: { code: number; details: string }) => ({ code, details })),
      client.count(50, 1),
      client.add(NUMBERS),
      client.echo(NUMBERS),
      Promise.all(NUMBERS.map(async (n) => (await client.ask(`${n}`)).text)),
    ])
  } finally {
    client.close()
  }
}

await tap.test('gRPC', async (t) => {
  const app = await startGrpcApp(t)
  const sidecar = await startSidecar(t, { app: app.address })
  await sidecar.ready()
  const address = `127.0.0.1:${sidecar.listen.port}`
  const direct = await seen(app.address)
  t.same(await seen(address), direct)
  t.equal(direct[3] !== undefined && (direct[3] as { code: number }).code, 5)

  const client = new GrpcClient(address)
  t.teardown(() => client.close())
  t.equal((await client.ask('who')).forwarded, '127.0.0.1')
  const metadata = new Metadata()
  metadata.set('x-forwarded-for', '192.0.2.1')
  t.equal(
    (await client.ask('who', metadata)).forwarded,
    '192.0.2.1, 127.0.0.1',
    'behind what the client says',
  )

  const before = (await sidecar.metric(
    'lastcall_requests_total{protocol="http2",method="POST",status_class="2xx"}',
  ))!
  t.ok(before > 50, 'streams are counted as requests')
  const calls = [client.count(40, 50), client.count(40, 50), client.count(40, 50)]
  await until('three streams', async () => (await sidecar.metric('lastcall_in_flight{kind="http2"}')) === 3)
  await Promise.all(calls)
  await until('none', async () => (await sidecar.metric('lastcall_in_flight{kind="http2"}')) === 0)
  t.equal(await sidecar.metric('lastcall_in_flight{kind="http1"}'), 0)
})

await tap.test('gRPC while the app is away: calls wait for its return, up to connect-wait', async (t) => {
  const app = await startGrpcApp(t)
  const sidecar = await startSidecar(t, { app: app.address, flags: ['--connect-wait', '4s'] })
  await sidecar.ready()
  const ask = async (text: string) => {
    const client = new GrpcClient(`127.0.0.1:${sidecar.listen.port}`)
    t.teardown(() => client.close())
    return client.ask(text)
  }
  app.kill()
  const early = ask('early')
  await sidecar.log('app: down')
  const again = await startGrpcApp(t, app.address)
  t.equal((await early).text, 'early')
  again.kill()
  await t.rejects(ask('anybody?'), { code: 14 }, 'UNAVAILABLE in the end')
  await until(
    'the refusal is counted',
    async () => ((await sidecar.metric('lastcall_refused_total{reason="app-unavailable"}')) ?? 0) > 0,
  )
})
