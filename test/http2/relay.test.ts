/**
 * What goes in comes out, but for X-Forwarded-For at the end of each request's field block, however the bytes are cut.
 * RFC 9113 §4 to §6, RFC 7541 §6.
 */
import tap from 'tap'
import * as f from '../fixtures/frames.ts'
import { ADDRESS, Http2Scene } from '../fixtures/http2-scene.ts'
import { BYTE_BY_BYTE, type Cut, everySplit, WHOLE } from '../fixtures/splits.ts'

const { endHeaders, endStream, padded, priority } = f.FLAG
const FIELD = f.forwarded(ADDRESS)
const PRIORITY = Buffer.from([0, 0, 0, 0, 15])
/** A field block of so many bytes; what it says is nonsense, but well written. */
const block = (bytes: number): Buffer => Buffer.alloc(bytes, f.GET.subarray(0, 1))
const whole = (payload: Uint8Array, stream = 1, flags: number = endStream) =>
  f.frame('headers', endHeaders | flags, stream, payload)

interface Case {
  readonly name: string
  readonly client: readonly Buffer[]
  /** What the app gets, if it is not what the client sent. */
  readonly app?: readonly Buffer[]
  /** What the app says before. */
  readonly before?: Buffer
}

const MAX_FRAME = 16_384
const nearly = block(MAX_FRAME - FIELD.length)
const full = block(MAX_FRAME - FIELD.length + 1)
const padding = Buffer.alloc(7)

const CASES: readonly Case[] = [
  { name: 'a request without a body', client: [f.get(1)], app: [whole(Buffer.concat([f.GET, FIELD]))] },
  {
    name: 'a request with a body, and then trailers, which stay as they are',
    client: [f.post(1), f.data(1, 'body'), whole(Buffer.from([0, 1, 0x74, 1, 0x31]))],
    app: [
      whole(Buffer.concat([f.POST, FIELD]), 1, 0),
      f.data(1, 'body'),
      whole(Buffer.from([0, 1, 0x74, 1, 0x31])),
    ],
  },
  {
    name: 'padding stays behind the block',
    client: [whole(Buffer.concat([Buffer.of(7), f.GET, padding]), 1, endStream | padded)],
    app: [whole(Buffer.concat([Buffer.of(7), f.GET, FIELD, padding]), 1, endStream | padded)],
  },
  {
    name: 'priority stays before the block',
    client: [whole(Buffer.concat([PRIORITY, f.GET]), 1, endStream | priority)],
    app: [whole(Buffer.concat([PRIORITY, f.GET, FIELD]), 1, endStream | priority)],
  },
  {
    name: 'padding and priority',
    client: [
      whole(Buffer.concat([Buffer.of(7), PRIORITY, f.GET, padding]), 1, endStream | padded | priority),
    ],
    app: [
      whole(Buffer.concat([Buffer.of(7), PRIORITY, f.GET, FIELD, padding]), 1, endStream | padded | priority),
    ],
  },
  {
    name: 'a block of nothing but padding',
    client: [whole(Buffer.of(2, 0, 0), 1, endStream | padded)],
    app: [whole(Buffer.concat([Buffer.of(2), FIELD, Buffer.alloc(2)]), 1, endStream | padded)],
  },
  { name: 'an empty block', client: [whole(Buffer.of())], app: [whole(FIELD)] },
  {
    name: 'a block in CONTINUATIONs, cut within its fields: at the end of the last',
    client: [
      f.frame('headers', endStream, 1, f.GET.subarray(0, 5)),
      f.frame('continuation', 0, 1, f.GET.subarray(5)),
      f.frame('continuation', endHeaders, 1, f.OK),
    ],
    app: [
      f.frame('headers', endStream, 1, f.GET.subarray(0, 5)),
      f.frame('continuation', 0, 1, f.GET.subarray(5)),
      f.frame('continuation', endHeaders, 1, Buffer.concat([f.OK, FIELD])),
    ],
  },
  {
    name: 'a block that leaves just enough room',
    client: [whole(nearly)],
    app: [whole(Buffer.concat([nearly, FIELD]))],
  },
  {
    name: 'a padded block that leaves no room',
    client: [whole(Buffer.concat([Buffer.of(7), nearly, padding]), 1, endStream | padded)],
    app: [
      f.frame('headers', endStream | padded, 1, Buffer.concat([Buffer.of(7), nearly, padding])),
      f.frame('continuation', endHeaders, 1, FIELD),
    ],
  },
  {
    name: 'a block that leaves just no room gets a CONTINUATION',
    client: [whole(full)],
    app: [f.frame('headers', endStream, 1, full), f.frame('continuation', endHeaders, 1, FIELD)],
  },
  {
    name: 'and so does a CONTINUATION that is full',
    client: [f.frame('headers', endStream, 1, f.GET), f.frame('continuation', endHeaders, 1, full)],
    app: [
      f.frame('headers', endStream, 1, f.GET),
      f.frame('continuation', 0, 1, full),
      f.frame('continuation', endHeaders, 1, FIELD),
    ],
  },
  {
    name: 'a larger frame where the app takes it, and the client has acknowledged that',
    before: f.frame('settings', 0, 0, Buffer.concat([f.setting(4, 100_000), f.setting(5, 20_000)])),
    client: [
      f.SETTINGS_ACK,
      f.SETTINGS_ACK,
      whole(full),
      f.frame('data', endStream, 1, Buffer.alloc(17_000)),
    ],
    app: [
      f.SETTINGS_ACK,
      f.SETTINGS_ACK,
      whole(Buffer.concat([full, FIELD])),
      f.frame('data', endStream, 1, Buffer.alloc(17_000)),
    ],
  },
  {
    name: 'everything else as it is',
    client: [
      f.frame('windowUpdate', 0, 0, f.words(1000)),
      f.frame('ping', 0, 0, Buffer.from('12345678')),
      f.frame('ping', f.FLAG.ack, 0, Buffer.from('87654321')),
      f.frame('priority', 0, 5, PRIORITY),
      f.frame(0x10, 0, 0, Buffer.from('unknown types too')),
      f.goaway(0),
    ],
  },
]

/** Plays it, cut as told. */
function play({ client, before }: Case, cut: Cut, terms = {}) {
  const scene = Http2Scene.greeted(terms)
  if (before !== undefined) scene.fromApp(before)
  scene.took()
  client.forEach((bytes, i) => {
    for (const piece of cut.pieces(i, bytes)) scene.fromClient(piece)
  })
  return { toApp: scene.took().toApp, refusals: scene.refusals, open: scene.streams.size }
}

for (const one of CASES)
  void tap.test(one.name, async (t) => {
    const expected = Buffer.concat(one.app ?? one.client)
    const once = play({ ...one, client: [Buffer.concat(one.client)] }, WHOLE)
    t.same(f.framesOf(once.toApp), f.framesOf(expected), 'the frames')
    t.same(once.refusals, [])
    const wrong = [BYTE_BY_BYTE, ...everySplit(one.client)].filter(
      (cut) => !play(one, cut).toApp.equals(expected),
    )
    t.same(
      wrong.map((cut) => cut.name),
      [],
      'at every split',
    )
    const off = play(one, BYTE_BY_BYTE, { forwardedFor: false })
    t.ok(off.toApp.equals(Buffer.concat(one.client)), '--forwarded-for off: nothing is put in')
  })

void tap.test('what the app says reaches the client as it is, at every split', async (t) => {
  const said = [
    f.frame('settings', 0, 0, f.setting(5, 65_536)),
    f.SETTINGS_ACK,
    f.frame('headers', 0, 1, f.OK),
    f.frame('continuation', endHeaders, 1, Buffer.from([0, 1, 0x78, 1, 0x79])),
    f.data(1, 'a body'),
    f.frame('data', 0, 1, Buffer.alloc(60_000)),
    f.frame('push', endHeaders | padded, 1, Buffer.concat([Buffer.of(1), f.words(2), f.GET, Buffer.of(0)])),
    f.ok(2),
    f.frame('ping', 0, 0, Buffer.from('12345678')),
    f.frame('windowUpdate', 0, 0, f.words(5)),
    f.frame('headers', endHeaders | endStream, 1, Buffer.from([0, 1, 0x74, 1, 0x31])),
  ]
  for (const cut of [WHOLE, BYTE_BY_BYTE, ...everySplit(said)]) {
    const scene = Http2Scene.greeted().fromClient(f.get(1))
    said.forEach((bytes, i) => {
      for (const piece of cut.pieces(i, bytes)) scene.fromApp(piece)
    })
    if (!scene.took().toClient.equals(Buffer.concat(said))) t.fail(cut.name)
    if (scene.ends.join() !== 'other 200,GET 200' || scene.streams.size !== 0)
      t.fail(`${cut.name}: ${scene.ends.join()}`)
  }
  t.pass('all splits')
})

void tap.test('the preface at every split; the app is dialled when it is complete', async (t) => {
  const hello = Buffer.concat([f.HELLO, f.get(1)])
  const expected = Buffer.concat([f.HELLO, whole(Buffer.concat([f.GET, FIELD]))])
  for (const cut of [WHOLE, BYTE_BY_BYTE, ...everySplit([hello])]) {
    const scene = new Http2Scene()
    let sent = 0
    for (const piece of cut.pieces(0, hello)) {
      if (scene.app !== 'none' && sent < f.PREFACE.length) t.fail(`${cut.name}: dialled at ${sent}`)
      scene.fromClient(piece)
      sent += piece.length
    }
    scene.open()
    if (!scene.took().toApp.equals(expected)) t.fail(cut.name)
  }
  t.pass('all splits')
})

void tap.test('streams are in flight one by one, and end by any of the ways there are', async (t) => {
  const scene = Http2Scene.greeted()
  const open = () => scene.streams.size
  scene.fromClient(Buffer.concat([f.get(1), f.post(3), f.get(5), f.get(7), f.post(9)]))
  t.equal(open(), 5)
  scene.fromApp(f.ok(1))
  t.equal(open(), 4, 'END_STREAM of both')
  scene.fromApp(f.ok(3))
  t.equal(open(), 4, 'the request goes on')
  scene.fromClient(f.data(3, '', true))
  t.equal(open(), 3, 'an empty DATA that ends it')
  scene.fromClient(f.rst(5))
  t.equal(open(), 2, 'RST_STREAM of the client')
  scene.fromApp(f.ok(5))
  t.equal(open(), 2, 'and what crosses it')
  scene.fromApp(f.rst(9, 0))
  t.equal(open(), 1, 'RST_STREAM of the app')
  scene.fromApp(f.goaway(5))
  t.equal(open(), 0, 'GOAWAY of the app: it will not look at those above')
  t.same(scene.ends, ['GET 200', 'POST 200', 'GET 0', 'POST 0', 'GET 0'])
  scene.fromClient(f.get(11))
  t.equal(open(), 0, 'nor at any that still comes')
  t.ok(scene.talk.idle)
})

void tap.test(
  'a client that has sent its FIN is let go with its last stream, whether or not the app closes',
  async (t) => {
    for (const last of [Buffer.concat([whole(f.OK, 1, 0), f.data(1, 'x', true)]), f.rst(1)]) {
      const scene = Http2Scene.greeted()
      scene.fromClient(Buffer.concat([f.get(1), f.get(3)]))
      scene.talk.clientEnded()
      t.match(scene, { client: 'open', app: 'open', appFin: true }, 'its streams go on')
      scene.fromApp(f.ok(3))
      t.match(scene, { client: 'open', app: 'open' }, 'one is left')
      scene.took()
      scene.fromApp(last)
      t.same(scene.took().toClient, last, 'all that the app said is delivered')
      t.match(scene, { client: 'fin', end: 'client closed', app: 'none' })
    }
  },
)

void tap.test('a frame is counted as ended when its last byte is there', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.get(1))
  const answer = Buffer.concat([f.frame('headers', endHeaders, 1, f.OK), f.data(1, 'the end', true)])
  scene.fromApp(answer.subarray(0, -1))
  t.equal(scene.streams.size, 1)
  scene.fromApp(answer.subarray(-1))
  t.equal(scene.streams.size, 0)
})

void tap.test('the status is known where a single byte says it; the method too', async (t) => {
  const scene = Http2Scene.greeted()
  for (const [i, first] of [0x88, 0x8d, 0x8e, 0x48, 0x81].entries()) {
    scene.fromClient(f.get(2 * i + 1))
    scene.fromApp(f.frame('headers', endHeaders | endStream, 2 * i + 1, Buffer.of(first)))
  }
  t.same(scene.ends, ['GET 200', 'GET 404', 'GET 500', 'GET -1', 'GET -1'])
})
