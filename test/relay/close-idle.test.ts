/**
 * lastcall reports idle connections as closed only when their FINs have been sent. A client whose connection is about to
 * be closed may still send a request, which is lost; on a busy machine, log lines and answers to hooks that came before
 * the FINs made that time milliseconds long.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import tap from 'tap'
import { requestText } from '../fixtures/raw.ts'
import { startRelay } from '../fixtures/relay.ts'
import { startScripted } from '../fixtures/scripted.ts'

const ESTABLISHED = '01'
const CLOSE_WAIT = '08'

for (const native of [true, false]) {
  void tap.test(
    `closed idle connections have sent their FINs (${native ? 'native' : 'portable'})`,
    { skip: process.platform !== 'linux' && 'reads /proc' },
    async (t) => {
      const app = await startScripted(t)
      const { relay, place } = await startRelay(t, Number(app.address.split(':').at(-1)), native)
      const client = connect({ ...place, allowHalfOpen: true })
      t.teardown(() => client.destroy())
      client.write(requestText('GET', '/post/one'))
      await once(client, 'data')
      relay.setClientMode('draining')
      t.equal(stateOf(client), ESTABLISHED)
      await relay.closeIdle()
      t.equal(stateOf(client), CLOSE_WAIT)
    },
  )
}

/** The kernel's state of this connection over 127.0.0.1; others may have had the same port. */
function stateOf({ localPort, remotePort }: Socket): string | undefined {
  const [local, remote] = [localPort, remotePort].map(
    (port) => `0100007F:${port!.toString(16).toUpperCase().padStart(4, '0')}`,
  )
  const row = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/ +/))
    .find((columns) => columns[1] === local && columns[2] === remote)
  return row?.[3]
}
