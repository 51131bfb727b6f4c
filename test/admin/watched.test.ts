/** Paths of requests cost memory: without an access log they are kept only while somebody watches. */
import tap from 'tap'
import type { Status } from '../../src/proxy/admin/status.ts'
import { raw } from '../fixtures/admin.ts'
import { serving } from '../fixtures/drain.ts'
import { until } from '../fixtures/until.ts'

const STREAM = 'GET /status HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n'

void tap.test(
  'requests that begin while somebody watches are shown with their paths, others without',
  async (t) => {
    const { sidecar } = await serving(t)
    const targets = async () =>
      ((await sidecar.status()) as unknown as Status).inFlight.requests
        .map(({ target }) => target)
        .toReversed()
    const ask = (path: string) => raw(t, sidecar.listen.port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    await ask('/gate/before')
    await until('the first', async () => (await targets()).length === 1)
    const viewer = await raw(t, sidecar.admin.port, STREAM)
    await until('it watches', () => viewer.text().includes('data: '))
    await ask('/gate/meanwhile?key=secret')
    await until('the second', async () => (await targets()).length === 2)
    await until('the viewer sees it', () => viewer.text().includes('"target":"/gate/meanwhile?'))
    t.notMatch(viewer.text(), 'secret')
    viewer.socket.destroy()
    let asked = 0
    await until('nobody watches', async () => {
      asked += 1
      await ask(`/gate/after-${asked}`)
      await until('it is in flight', async () => (await targets()).length === 2 + asked)
      return (await targets()).at(-1) === undefined
    })
    t.same((await targets()).slice(0, 2), [undefined, '/gate/meanwhile?…'])
  },
)
