/** When a client of the chaos says that it got no answer: after silence, however long a pipeline takes as a whole. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import tap, { type Test } from 'tap'
import { Random } from '../fuzz/random.ts'
import { Http1Client } from './http1.ts'
import { Ledger } from './ledger.ts'
import { piece } from './pattern.ts'
import { headOf, randomPlan } from './plan.ts'

const PATIENCE_MS = 1000

/** A client that has sent three requests at once, and the app's end of its connection. */
async function pipelined(t: Test) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ledger = new Ledger()
  const { port } = server.address() as AddressInfo
  const client = new Http1Client(connect(port, '127.0.0.1'), ledger, 'pipelined', PATIENCE_MS)
  const [app] = (await once(server, 'connection')) as [Socket]
  t.teardown(() => {
    client.socket.destroy()
    app.destroy()
    server.close()
  })
  const random = new Random(1)
  const plans = Array.from({ length: 3 }, () =>
    randomPlan(random, { method: 'GET', conduct: 'after', framing: 'length', down: 5 }),
  )
  const outcomes = plans.map(async (plan) => client.expect(plan))
  client.socket.write(plans.map(headOf).join(''))
  const answers = plans.map(({ id }) => [
    Buffer.from(`HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nContent-Length: 5\r\n\r\n`),
    piece(2 * id + 1, 0, 5),
  ])
  return { ledger, app, outcomes, bytes: Buffer.concat(answers.flat()) }
}

void tap.test('answers that go on arriving are no breach, even if the last is late', async (t) => {
  const { ledger, app, outcomes, bytes } = await pipelined(t)
  const began = performance.now()
  for (const byte of bytes) {
    app.write(Buffer.of(byte))
    if (performance.now() - began > 2 * PATIENCE_MS) continue
    await new Promise((resolve) => {
      setTimeout(resolve, 25)
    })
  }
  t.same(await Promise.all(outcomes), [{ kind: 'whole' }, { kind: 'whole' }, { kind: 'whole' }])
  t.same(ledger.wrong, [])
  t.ok(performance.now() - began > PATIENCE_MS)
  t.match(ledger.tally, { 'pipelined: whole after more than 1 s': Number }, 'they are counted')
})

void tap.test('silence in the middle of a pipeline is one', async (t) => {
  const { ledger, app, outcomes, bytes } = await pipelined(t)
  app.write(bytes.subarray(0, bytes.length / 2))
  await Promise.all(outcomes)
  t.match(
    ledger.wrong[0],
    /^pipelined: no answer, \d{4,} ms without a byte, 2 of 3 requests of its connection open/,
  )
})
