/**
 * What a client must not do ends its connection with the right error, and each attack by its name. RFC 9113 §4 to §6,
 * §10.5; RFC 7541.
 */
import tap from 'tap'
import { MAX_BLOCK_FRAMES, MEASURES } from '../../src/protocol/http2/guard.ts'
import * as f from '../fixtures/frames.ts'
import { Http2Scene } from '../fixtures/http2-scene.ts'
import { BYTE_BY_BYTE, WHOLE } from '../fixtures/splits.ts'

const { ack, endHeaders, endStream, padded, priority } = f.FLAG
const PROTOCOL = 1
const FRAME_SIZE = 6
const COMPRESSION = 9
const CALM = 11
const headers = (stream: number, payload: Uint8Array, flags: number = endHeaders | endStream) =>
  f.frame('headers', flags, stream, payload)
/** What the client was told; what the app got may end within a frame. */
const clientOf = (scene: Http2Scene) => f.named(scene.took().toClient)
const open = f.frame('headers', endStream, 1, f.GET)

const FAULTS: readonly (readonly [name: string, bytes: Buffer, error: number])[] = [
  ['a frame above 16,384 bytes', f.frame('data', 0, 1, Buffer.alloc(10), 16_385), FRAME_SIZE],
  ['one of an unknown type, too', f.frame(0x77, 0, 0, Buffer.alloc(10), 0xff_ffff), FRAME_SIZE],
  ['HEADERS on stream 0', headers(0, f.GET), PROTOCOL],
  ['HEADERS on an even stream', headers(2, f.GET), PROTOCOL],
  ['CONTINUATION without HEADERS', f.frame('continuation', endHeaders, 1, f.GET), PROTOCOL],
  [
    'a CONTINUATION of another stream',
    Buffer.concat([open, f.frame('continuation', endHeaders, 3)]),
    PROTOCOL,
  ],
  ['DATA within a field block', Buffer.concat([open, f.data(1, 'x')]), PROTOCOL],
  ['PING within a field block', Buffer.concat([open, f.frame('ping', 0, 0, Buffer.alloc(8))]), PROTOCOL],
  ['HEADERS within a field block', Buffer.concat([open, f.get(3)]), PROTOCOL],
  ['an unknown type within a field block', Buffer.concat([open, f.frame(0x77, 0, 0)]), PROTOCOL],
  ['padding beyond the frame', headers(1, Buffer.from([20, 0x82]), endHeaders | padded), PROTOCOL],
  ['HEADERS too short for their priority', headers(1, Buffer.alloc(4), endHeaders | priority), FRAME_SIZE],
  ['HEADERS too short for their padding', headers(1, Buffer.alloc(0), endHeaders | padded), FRAME_SIZE],
  ['PUSH_PROMISE of a client', f.frame('push', endHeaders, 1, f.words(2)), PROTOCOL],
  [
    'DATA with padding beyond the frame',
    Buffer.concat([f.post(1), f.frame('data', padded, 1, Buffer.from([2, 0x78]))]),
    PROTOCOL,
  ],
  ['DATA too short for its padding', Buffer.concat([f.post(1), f.frame('data', padded, 1)]), FRAME_SIZE],
  ['DATA on stream 0', f.data(0, 'x'), PROTOCOL],
  ['DATA on a stream that nobody opened', f.data(1, 'x'), PROTOCOL],
  ['RST_STREAM on a stream that nobody opened', f.rst(1), PROTOCOL],
  ['RST_STREAM on stream 0', f.rst(0), PROTOCOL],
  ['RST_STREAM of 5 bytes', Buffer.concat([f.get(1), f.frame('rst', 0, 1, Buffer.alloc(5))]), FRAME_SIZE],
  ['WINDOW_UPDATE on a stream that nobody opened', f.frame('windowUpdate', 0, 1, f.words(1)), PROTOCOL],
  ['WINDOW_UPDATE of 3 bytes', f.frame('windowUpdate', 0, 0, Buffer.alloc(3)), FRAME_SIZE],
  ['SETTINGS on a stream', f.frame('settings', 0, 1), PROTOCOL],
  ['SETTINGS of 5 bytes', f.frame('settings', 0, 0, Buffer.alloc(5)), FRAME_SIZE],
  ['a SETTINGS ACK that says something', f.frame('settings', ack, 0, Buffer.alloc(6)), FRAME_SIZE],
  [
    'padding that leaves no room for a priority',
    headers(1, Buffer.concat([Buffer.from([3]), Buffer.alloc(7)]), endHeaders | padded | priority),
    PROTOCOL,
  ],
  ['PING of 9 bytes', f.frame('ping', 0, 0, Buffer.alloc(9)), FRAME_SIZE],
  ['PING of 7 bytes', f.frame('ping', 0, 0, Buffer.alloc(7)), FRAME_SIZE],
  ['PING on a stream', f.frame('ping', 0, 1, Buffer.alloc(8)), PROTOCOL],
  ['GOAWAY on a stream', f.frame('goaway', 0, 1, Buffer.alloc(8)), PROTOCOL],
  ['GOAWAY of 7 bytes', f.frame('goaway', 0, 0, Buffer.alloc(7)), FRAME_SIZE],
  // What we append would become the value of the client's own field: any address it likes, in our name.
  ['a block that ends within a string', headers(1, Buffer.from([0, 1, 0x78, 40, 0x79])), COMPRESSION],
  ['a block that ends before a string', headers(1, Buffer.from([0x82, 0x41])), COMPRESSION],
  ['a block that ends within an index', headers(1, Buffer.from([0xff])), COMPRESSION],
  ['a block that ends within a length', headers(1, Buffer.from([0, 0x7f, 0x80])), COMPRESSION],
  ['an integer without an end', headers(1, Buffer.alloc(20, 0xff)), COMPRESSION],
  [
    'a full block that ends within a string',
    headers(1, Buffer.concat([Buffer.from([0, 1, 0x78, 0x7f, 0xff, 0x7f]), Buffer.alloc(16_370)])),
    COMPRESSION,
  ],
]

for (const [name, bytes, error] of FAULTS)
  void tap.test(name, async (t) => {
    for (const cut of [WHOLE, BYTE_BY_BYTE]) {
      const scene = Http2Scene.greeted()
      for (const piece of cut.pieces(0, bytes)) scene.fromClient(piece)
      t.match(clientOf(scene), [new RegExp(`^goaway [01] ${error}$`)], cut.name)
      t.equal(scene.end, 'lastcall protocol')
      t.same(scene.refusals, ['http2'])
      scene.fromClient(f.get(9))
      t.same(scene.took(), { toApp: Buffer.of(), toClient: Buffer.of() }, 'and that is all')
    }
  })

void tap.test('the first frame of a client has to be SETTINGS', async (t) => {
  for (const first of [f.get(1), f.SETTINGS_ACK, f.frame('ping', 0, 0, Buffer.alloc(8))]) {
    const scene = new Http2Scene().fromClient(Buffer.concat([f.PREFACE, first]))
    t.same(clientOf(scene), ['settings', 'goaway 0 1'], 'and a server says SETTINGS before all else')
  }
})

void tap.test('HEADERS of a stream that is over are no request: nothing is put in', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.get(3))
  scene.took()
  scene.fromClient(f.get(1))
  t.ok(scene.took().toApp.equals(f.get(1)), 'the app judges it')
  t.equal(scene.streams.size, 1)
})

void tap.test(
  'an error waits for the end of the frame that the app is sending, but not forever',
  async (t) => {
    const answer = Buffer.concat([f.frame('headers', endHeaders, 1, f.OK), f.data(1, 'some data')])
    const within = () => {
      const scene = Http2Scene.greeted().fromClient(f.get(1)).fromApp(answer.subarray(0, -3))
      scene.fromClient(f.data(0, 'x'))
      t.equal(scene.client, 'open')
      return scene
    }
    const patient = within().fromApp(answer.subarray(-3))
    t.same(clientOf(patient), ['headers 1', 'data 1', 'goaway 1 1'])
    t.equal(patient.end, 'lastcall protocol')
    const hung = within()
    hung.wait(1000)
    t.equal(hung.client, 'reset')
    t.equal(hung.end, 'lastcall protocol')
  },
)

// -- floods ------------------------------------------------------------------------------------------------------

interface Flood {
  readonly name: string
  readonly label: string
  readonly burst: number
  readonly perSecond: number
  /** The frames of the i-th round. */
  readonly round: (i: number) => Buffer
  readonly before?: Buffer
}

const measured = (name: keyof typeof MEASURES) => MEASURES[name]

const FLOODS: readonly Flood[] = [
  {
    name: 'CVE-2023-44487: rapid reset',
    ...measured('rapid-reset'),
    round: (i) => Buffer.concat([f.get(2 * i + 1), f.rst(2 * i + 1)]),
  },
  {
    name: 'CVE-2019-9512: PING flood',
    ...measured('ping-flood'),
    round: () => f.frame('ping', 0, 0, Buffer.alloc(8)),
  },
  {
    name: 'the same with ACKs that answer nothing',
    ...measured('ping-flood'),
    round: () => f.frame('ping', ack, 0, Buffer.alloc(8)),
  },
  { name: 'CVE-2019-9515: SETTINGS flood', ...measured('settings-flood'), round: () => f.SETTINGS },
  {
    name: 'the same with ACKs that answer nothing',
    ...measured('settings-flood'),
    before: f.SETTINGS_ACK,
    round: () => f.SETTINGS_ACK,
  },
  {
    name: 'CVE-2019-9513: PRIORITY flood',
    ...measured('priority-flood'),
    round: () => f.frame('priority', 0, 1, Buffer.alloc(5)),
  },
  {
    name: 'CVE-2019-9518: empty DATA',
    ...measured('empty-frames'),
    before: f.post(1),
    round: () => f.data(1, ''),
  },
  { name: 'frames that nobody knows', ...measured('empty-frames'), round: () => f.frame(0x77, 0, 0) },
]

for (const { name, label, burst, perSecond, round, before } of FLOODS)
  void tap.test(name, async (t) => {
    const scene = Http2Scene.greeted()
    scene.terms.now += 100_000
    if (before !== undefined) scene.fromClient(before)
    let rounds = 0
    // The client's own SETTINGS of the greeting may have been counted.
    for (; scene.client === 'open' && rounds <= burst; rounds++) scene.fromClient(round(rounds))
    t.ok(rounds > burst - 1 && rounds <= burst + 1, `${rounds} rounds`)
    t.match(clientOf(scene).at(-1), new RegExp(`^goaway \\d+ ${CALM}$`))
    t.same(scene.refusals, [label])
    t.equal(scene.end, 'lastcall limit')

    const slow = Http2Scene.greeted()
    if (before !== undefined) slow.fromClient(before)
    for (let i = 0; i < 2 * burst; i++) {
      slow.wait(1000 / perSecond)
      slow.fromClient(round(i))
    }
    t.same(slow.refusals, [], 'at a measure that clients keep, nothing happens')
  })

void tap.test('a PING for data that the app sends is no flood: gRPC measures the line so', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.get(1))
  scene.fromApp(f.frame('headers', endHeaders, 1, f.OK))
  for (let i = 0; i < 5000; i++)
    scene.fromApp(f.data(1, 'x')).fromClient(f.frame('ping', 0, 0, Buffer.alloc(8)))
  t.same(scene.refusals, [])
})

void tap.test('CVE-2024-27316: CONTINUATION flood', async (t) => {
  const flood = (payload: Uint8Array) => {
    const scene = Http2Scene.greeted().fromClient(open)
    let frames = 0
    for (; scene.client === 'open' && frames < 10_000; frames++)
      scene.fromClient(f.frame('continuation', 0, 1, payload))
    t.match(clientOf(scene), [`goaway 1 ${CALM}`])
    t.same(scene.refusals, ['continuation-flood'])
    return frames
  }
  const field = Buffer.concat([Buffer.from([0, 1, 0x78, 100]), Buffer.alloc(100)])
  t.ok(flood(field) <= MAX_BLOCK_FRAMES, 'of small frames')
  t.ok(flood(Buffer.alloc(0)) <= MAX_BLOCK_FRAMES, 'of empty frames')
  t.ok(
    flood(Buffer.concat(Array.from({ length: 150 }, () => field))) <= 3,
    'of large frames: --max-head bounds the block',
  )
})

void tap.test('a head above --max-head', async (t) => {
  const scene = Http2Scene.greeted({ maxHeadBytes: 30 }).fromClient(headers(1, Buffer.alloc(31, 0x82)))
  t.same(clientOf(scene), [`goaway 1 ${CALM}`])
  t.same(scene.refusals, ['head-too-large'])
})

void tap.test('a head that is not completed in time', async (t) => {
  const scene = Http2Scene.greeted().fromClient(open)
  t.ok(scene.talk.inHead)
  scene.talk.headTimedOut()
  t.same(clientOf(scene), [`goaway 1 ${CALM}`])
  t.same(scene.refusals, ['head-timeout'])
})

void tap.test('more streams than memory allows', async (t) => {
  const scene = Http2Scene.greeted()
  for (let i = 0; scene.client === 'open' && i < 20_000; i++) scene.fromClient(f.get(2 * i + 1))
  t.equal(scene.end, 'lastcall limit')
  t.ok(scene.ends.length < 17_000)
})
