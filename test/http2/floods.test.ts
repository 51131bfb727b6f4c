/**
 * What the guard counts, and what it does not: frames that others call for, resets of streams that were answered or
 * waited for, are no flood at any rate; the same frames without their reason are. RFC 9113 §10.5.
 */
import tap, { type Test } from 'tap'
import { blamesClient, MAX_DUE, MEASURES, YOUNG_MS } from '../../src/protocol/http2/guard.ts'
import * as f from '../fixtures/frames.ts'
import { Http2Scene } from '../fixtures/http2-scene.ts'

const { ack, endHeaders, endStream, padded } = f.FLAG
const PING = f.frame('ping', 0, 0, Buffer.alloc(8))
const PING_ACK = f.frame('ping', ack, 0, Buffer.alloc(8))
const HEAD = (stream: number) => f.frame('headers', endHeaders, stream, f.OK)
const update = (stream: number, bytes = 1000) => f.frame('windowUpdate', 0, stream, f.words(bytes))
const MINUTE_MS = 60_000
const CALM = 11

/** A connection that has been quiet for long: every measure is full. */
const quiet = () => {
  const scene = Http2Scene.greeted()
  scene.terms.now += 100_000
  return scene
}

/** Calls `round` this often for a minute of the scene's time, or until the connection ends. */
function forAMinute(scene: Http2Scene, perSecond: number, round: (i: number) => void): void {
  for (let i = 0; i < (perSecond * MINUTE_MS) / 1000 && scene.client === 'open'; i++) {
    scene.terms.now += 1000 / perSecond
    round(i)
    if (i % 100 === 0) scene.took()
  }
}

/** Repeats until the connection ends. Returns how often; at the most 200,000 times. */
function untilStopped(scene: Http2Scene, round: (i: number) => void): number {
  let rounds = 0
  for (; rounds < 200_000 && scene.client === 'open'; rounds++) {
    round(rounds)
    if (scene.client === 'open' && rounds % 100 === 0) scene.took()
  }
  return rounds
}

function stopped(t: Test, scene: Http2Scene, label: string): void {
  t.same(scene.refusals, [label])
  t.equal(scene.end, 'lastcall limit')
  t.match(f.named(scene.took().toClient).at(-1), new RegExp(`^goaway \\d+ ${CALM}$`))
}

function survived(t: Test, scene: Http2Scene): void {
  t.same(scene.refusals, [])
  t.equal(scene.client, 'open')
}

// -- PING --------------------------------------------------------------------------------------------------------

void tap.test('a server that measures the line with a PING for each DATA gets its ACKs', async (t) => {
  const scene = quiet().fromClient(f.post(1))
  forAMinute(scene, 500, () =>
    scene
      .fromClient(f.data(1, 'x'.repeat(100)))
      .fromApp(PING)
      .fromClient(PING_ACK),
  )
  survived(t, scene)
  const unpaced = quiet().fromClient(f.post(1))
  for (let i = 0; i < 20_000; i++) unpaced.fromClient(f.data(1, 'x')).fromApp(PING)
  for (let i = 0; i < 20_000; i++) unpaced.fromClient(PING_ACK)
  survived(t, unpaced)
  const { toApp } = unpaced.said()
  t.equal(toApp.filter((name) => name === 'ping ack').length, 20_000, 'the app gets every one')
})

void tap.test('an app that says SETTINGS all the time gets its ACKs', async (t) => {
  const scene = quiet()
  forAMinute(scene, 100, () => scene.fromApp(f.SETTINGS).fromClient(f.SETTINGS_ACK))
  survived(t, scene)
})

void tap.test('ACKs beyond the PINGs of the app are a flood, and so are PINGs of the client', async (t) => {
  const surplus = quiet()
  for (let i = 0; i < 100; i++) surplus.fromApp(PING)
  t.equal(
    untilStopped(surplus, () => surplus.fromClient(PING_ACK)),
    MEASURES['ping-flood'].burst + 101,
  )
  stopped(t, surplus, 'ping-flood')
  const own = quiet()
  t.equal(
    untilStopped(own, () => own.fromApp(PING).fromClient(PING_ACK).fromClient(PING)),
    MEASURES['ping-flood'].burst + 1,
  )
  stopped(t, own, 'ping-flood')
})

void tap.test('ACKs cannot be saved up beyond a bound', async (t) => {
  const scene = quiet()
  const many = Buffer.concat(Array.from({ length: 1000 }, () => PING))
  for (let i = 0; i < (2 * MAX_DUE) / 1000; i++) scene.fromApp(many)
  const acks = untilStopped(scene, () => scene.fromClient(PING_ACK))
  t.equal(acks, MAX_DUE + MEASURES['ping-flood'].burst + 1)
})

// -- resets ------------------------------------------------------------------------------------------------------

/** Streams that are reset so long after they were opened, until the connection ends. */
const waits = (ms: number) => {
  const scene = quiet()
  const streams = untilStopped(scene, (i) => {
    scene.fromClient(f.get(2 * i + 1))
    scene.terms.now += ms
    scene.fromClient(f.rst(2 * i + 1))
  })
  return { scene, streams }
}

/** A thousand calls a second, of which so many in a hundred are cancelled at once and the rest answered. */
const hedged = (cancelled: number) => {
  const scene = quiet()
  forAMinute(scene, 1000, (i) => {
    scene.fromClient(f.get(2 * i + 1))
    if (i % 100 < cancelled) scene.fromClient(f.rst(2 * i + 1))
    else scene.fromApp(f.ok(2 * i + 1))
  })
  return scene
}

void tap.test('calls that miss their deadline are no rapid reset: 1,000 a second for a minute', async (t) => {
  const scene = quiet()
  const AT_ONCE = 100
  forAMinute(scene, 1000, (i) => {
    scene.fromClient(f.post(2 * i + 1))
    if (i >= AT_ONCE) scene.fromClient(f.rst(2 * (i - AT_ONCE) + 1))
  })
  survived(t, scene)
  t.equal(scene.streams.size, AT_ONCE)
})

void tap.test('who reads the first message and cancels is no rapid reset', async (t) => {
  const scene = quiet()
  forAMinute(scene, 1000, (i) => {
    const stream = 2 * i + 1
    scene.fromClient(f.get(stream)).fromApp(HEAD(stream)).fromApp(f.data(stream, 'one'))
    scene.fromClient(f.rst(stream))
  })
  survived(t, scene)
})

void tap.test('an app that ends calls early is no rapid reset, whatever error it gives', async (t) => {
  for (const error of [0, 2, 7, 8, 0xb, 0xd]) {
    t.notOk(blamesClient(error))
    const scene = quiet()
    forAMinute(scene, 500, (i) => {
      const stream = 2 * i + 1
      scene.fromClient(f.post(stream)).fromApp(HEAD(stream))
      scene
        .fromApp(f.rst(stream, error))
        .fromClient(f.data(stream, '', true))
        .fromClient(f.rst(stream))
    })
    survived(t, scene)
  }
})

void tap.test('CVE-2025-8671: streams that the client made the app reset are a rapid reset', async (t) => {
  for (const error of [1, 3, 5, 6, 9]) {
    t.ok(blamesClient(error))
    for (const answered of [false, true]) {
      const scene = quiet()
      const streams = untilStopped(scene, (i) => {
        const stream = 2 * i + 1
        scene.terms.now += 4200 / 20_000
        scene.fromClient(f.post(stream)).fromClient(update(stream, 0))
        if (answered) scene.fromApp(HEAD(stream))
        scene.fromApp(f.rst(stream, error))
      })
      t.ok(
        streams > MEASURES['rapid-reset'].burst && streams < 1.1 * MEASURES['rapid-reset'].burst,
        `${streams}`,
      )
      stopped(t, scene, 'rapid-reset')
    }
  }
})

void tap.test('one that waits before it resets is young up to a measure', async (t) => {
  // The measure is refilled while it waits.
  t.ok(waits(1).streams < 1100)
  stopped(t, waits(YOUNG_MS / 2).scene, 'rapid-reset')
  survived(t, waits(YOUNG_MS).scene)
})

void tap.test('who waits, but with as many streams as fit into memory, is stopped as well', async (t) => {
  const scene = quiet()
  let reset = 0
  untilStopped(scene, (round) => {
    const first = 20_000 * round + 1
    const streams = Array.from({ length: 10_000 }, (_, i) => first + 2 * i)
    scene.fromClient(Buffer.concat(streams.map((stream) => f.get(stream))))
    scene.terms.now += YOUNG_MS
    scene.fromClient(Buffer.concat(streams.map((stream) => f.rst(stream))))
    reset += streams.length
  })
  t.ok(reset <= MEASURES['late-reset'].burst + 10_000, `${reset}`)
  stopped(t, scene, 'rapid-reset')
})

void tap.test('calls that are hedged: some are cancelled early among many that are answered', async (t) => {
  survived(t, hedged(10))
  stopped(t, hedged(50), 'rapid-reset')
})

void tap.test('resets of streams that are over, and ends of them: one of each, and no more', async (t) => {
  const over = () => quiet().fromClient(f.get(1)).fromApp(f.ok(1))
  for (const frame of [f.rst(1), f.data(1, '', true)]) {
    const scene = over()
    const frames = untilStopped(scene, () => scene.fromClient(frame))
    t.ok(frames <= MEASURES['empty-frames'].burst + 3, `${frames}`)
    stopped(t, scene, 'empty-frames')
  }
  const late = quiet()
  forAMinute(late, 1000, (i) => {
    const stream = 2 * i + 1
    late.fromClient(f.post(stream)).fromApp(f.rst(stream, 0))
    late.fromClient(f.data(stream, '', true)).fromClient(f.rst(stream))
  })
  survived(t, late)
})

// -- what carries nothing ----------------------------------------------------------------------------------------

void tap.test('CVE-2019-9518: DATA of nothing but padding is empty', async (t) => {
  for (const padding of [0, 1, 255]) {
    const scene = quiet().fromClient(f.post(1))
    const payload = Buffer.alloc(1 + padding)
    payload[0] = padding
    t.equal(
      untilStopped(scene, () => scene.fromClient(f.frame('data', padded, 1, payload))),
      MEASURES['empty-frames'].burst + 1,
    )
    stopped(t, scene, 'empty-frames')
  }
  const one = quiet().fromClient(f.post(1))
  for (let i = 0; i < 5000; i++) one.fromClient(f.frame('data', padded, 1, Buffer.from([1, 0x78, 0])))
  one.fromClient(f.frame('data', padded | endStream, 1, Buffer.from([1, 0])))
  survived(t, one)
})

void tap.test('WINDOW_UPDATE flood', async (t) => {
  for (const stream of [0, 1]) {
    const scene = quiet().fromClient(f.post(1))
    const frames = untilStopped(scene, () => scene.fromClient(update(stream)))
    t.equal(frames, MEASURES['window-update-flood'].burst + 3, 'two for the stream are its due')
    stopped(t, scene, 'window-update-flood')
  }
})

void tap.test('WINDOW_UPDATEs that data calls for are no flood, however late they come', async (t) => {
  const scene = quiet().fromClient(f.get(1)).fromApp(HEAD(1))
  const small = 13_000 // As many frames of 5 bytes as a window of 64 KiB holds.
  for (let i = 0; i < small; i++) scene.fromApp(f.data(1, 'hello'))
  for (let i = 0; i < small; i++) scene.fromClient(update(1, 5)).fromClient(update(0, 5))
  survived(t, scene)
  const large = quiet().fromClient(f.get(1)).fromApp(HEAD(1))
  for (let i = 0; i < 2000; i++) {
    large.fromApp(f.frame('data', 0, 1, Buffer.alloc(16_384)))
    for (let read = 0; read < 16; read++) large.fromClient(update(1, 1024)).fromClient(update(0, 1024))
    large.took()
  }
  survived(t, large)
  const opens = quiet()
  forAMinute(opens, 1000, (i) =>
    opens
      .fromClient(f.get(2 * i + 1))
      .fromClient(update(2 * i + 1))
      .fromApp(f.ok(2 * i + 1)),
  )
  survived(t, opens)
})

void tap.test('GOAWAY flood', async (t) => {
  const scene = quiet().fromClient(f.post(1))
  t.equal(
    untilStopped(scene, () => scene.fromClient(f.goaway(0))),
    MEASURES['goaway-flood'].burst + 1,
  )
  stopped(t, scene, 'goaway-flood')
})

void tap.test('PRIORITY_UPDATE is measured as PRIORITY is (RFC 9218 §7.1)', async (t) => {
  const scene = quiet()
  const frames = untilStopped(scene, () => scene.fromClient(f.frame(0x10, 0, 0, f.words(1))))
  t.equal(frames, MEASURES['priority-flood'].burst + 1)
  stopped(t, scene, 'priority-flood')
})

void tap.test('GOAWAY of a client: what it says of pushed streams holds however it is cut', async (t) => {
  const bye = f.frame('goaway', 0, 0, Buffer.concat([f.words(0, 0), Buffer.from('debug data')]))
  for (let at = 0; at <= bye.length; at++) {
    const scene = quiet().fromClient(f.post(1))
    scene.fromApp(f.frame('push', endHeaders, 1, Buffer.concat([f.words(2), f.GET])))
    t.equal(scene.streams.size, 2)
    scene.fromClient(bye.subarray(0, at)).fromClient(bye.subarray(at))
    t.equal(scene.streams.size, 1, `cut at ${at}`)
  }
})
