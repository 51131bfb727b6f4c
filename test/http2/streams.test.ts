/** Which streams are open after what both sides have said. RFC 9113 §5.1 and §6.8. */
import tap from 'tap'
import { Streams } from '../../src/protocol/http2/streams.ts'

void tap.test(
  'a stream of the client is open until both sides have said their last, in either order',
  async (t) => {
    for (const [first, second] of [
      ['client', 'app'],
      ['app', 'client'],
    ] as const) {
      const streams = new Streams()
      const stream = streams.begin(1, 42)
      t.same(stream, { beganAt: 42, method: undefined, status: 0, clientDone: false, appDone: false })
      t.equal(streams.get(1), stream)
      t.equal(streams.done(1, first), undefined)
      t.equal(stream.appDone, first === 'app')
      t.equal(streams.done(1, first), undefined, 'said twice')
      t.equal(streams.size, 1)
      t.equal(streams.done(1, second), stream)
      t.ok(stream.appDone)
      t.equal(streams.size, 0)
      t.equal(streams.get(1), undefined)
      t.equal(streams.done(1, second), undefined, 'it is over')
    }
  },
)

void tap.test('a promised stream is over when the app has said its last', async (t) => {
  const streams = new Streams()
  const promised = streams.begin(2, 7)
  t.equal(streams.lastClient, 0, 'it is none of the client')
  t.equal(streams.unanswered(2), undefined)
  t.equal(streams.done(2, 'app'), promised)
  t.equal(streams.size, 0)
})

void tap.test('the highest stream of the client is remembered, open or not', async (t) => {
  const streams = new Streams()
  streams.begin(1, 0)
  streams.begin(5, 0)
  streams.close(5)
  streams.begin(4, 0)
  t.equal(streams.lastClient, 5)
})

void tap.test('a stream is unanswered until there is a status, known or not', async (t) => {
  const streams = new Streams()
  const stream = streams.begin(3, 0)
  t.equal(streams.unanswered(3), stream)
  t.equal(streams.unanswered(1), undefined, 'not open')
  for (const status of [103, 200, -1]) {
    stream.status = status
    t.equal(streams.unanswered(3), undefined)
  }
})

void tap.test('a reset closes a stream once', async (t) => {
  const streams = new Streams()
  const stream = streams.begin(3, 0)
  t.equal(streams.close(1), undefined)
  t.equal(streams.close(3), stream)
  t.equal(streams.close(3), undefined)
  t.equal(streams.size, 0)
})

/** Streams of both sides, each begun at the time that is its number. */
function opened() {
  const streams = new Streams()
  const all = new Map([1, 2, 3, 4, 5, 6].map((id) => [id, streams.begin(id, id)]))
  return { streams, all }
}

void tap.test('GOAWAY ends the streams of the other side above its last, and no others', async (t) => {
  for (const [by, last, over] of [
    ['app', 0, [1, 3, 5]],
    ['app', 3, [5]],
    ['app', 2, [3, 5]],
    ['app', 5, []],
    ['client', 0, [2, 4, 6]],
    ['client', 4, [6]],
    ['client', 6, []],
  ] as const) {
    const { streams, all } = opened()
    t.same(
      streams.abandon(by, last).map(({ beganAt }) => beganAt),
      over,
      `${by} ${last}`,
    )
    for (const [id, stream] of all)
      t.equal(
        streams.get(id),
        (over as readonly number[]).includes(id) ? undefined : stream,
        `${by} ${last}: ${id}`,
      )
  }
})

void tap.test('the end of the connection ends all, once', async (t) => {
  const streams = new Streams()
  const all = [streams.begin(1, 0), streams.begin(2, 0)]
  t.same(streams.clear(), all)
  t.same(streams.clear(), [])
  t.equal(streams.size, 0)
})
