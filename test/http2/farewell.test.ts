/**
 * How a connection is given up without losing a call: GOAWAY(2^31-1) and a PING, the last GOAWAY when the client has
 * heard, the end with the last stream. RFC 9113 §6.8, DESIGN §3.
 */
import tap from 'tap'
import { OUR_PING, PATIENCE_MS } from '../../src/proxy/conversation/http2-farewell.ts'
import * as f from '../fixtures/frames.ts'
import { Http2Scene } from '../fixtures/http2-scene.ts'

const { ack, endHeaders, endStream } = f.FLAG
const PROHIBITED = ['goaway 2147483647 0', 'ping']
const PONG = f.frame('ping', ack, 0, OUR_PING)
/** A field block that changes the decoder's table: `x: y`, to be indexed. */
const INDEXED = Buffer.concat([f.GET, Buffer.from([0x40, 1, 0x78, 1, 0x79])])

/** What trailers do after the app has missed this field block. */
const afterMissing = (missed: Buffer) => {
  const scene = Http2Scene.greeted().fromClient(f.post(1))
  scene.drain()
  scene.wait(PATIENCE_MS)
  scene.fromClient(f.frame('headers', endHeaders | endStream, 3, missed))
  scene.took()
  const trailers = f.frame('headers', endHeaders | endStream, 1, Buffer.from([0xbe]))
  scene.fromClient(trailers)
  return { ...scene.said(), open: scene.streams.size }
}

/** A connection that begins while clients are to leave. */
const newcomer = () => {
  const scene = new Http2Scene({ lameDuck: true }).fromClient(f.HELLO)
  scene.open()
  return scene
}

/** A connection with two streams that has had its last GOAWAY. */
const toldItsLast = () => {
  const scene = Http2Scene.greeted().fromClient(Buffer.concat([f.get(1), f.post(3)]))
  scene.part()
  scene.fromClient(PONG)
  scene.took()
  return scene
}

const clientOf = (scene: Http2Scene) => f.named(scene.took().toClient)

void tap.test(
  'two GOAWAYs around a PING that the app does not see; the connection ends with the last stream',
  async (t) => {
    const scene = Http2Scene.greeted().fromClient(Buffer.concat([f.get(1), f.post(3)]))
    scene.took()
    scene.part()
    t.same(clientOf(scene), PROHIBITED)
    scene.fromClient(f.get(5)) // It was on its way.
    t.same(f.named(scene.took().toApp), ['headers 5 end'])
    scene.wait(PATIENCE_MS)
    t.same(scene.said(), { toApp: [], toClient: [] }, 'a client that has not answered is served on')
    scene.fromClient(PONG)
    t.same(scene.said(), { toApp: [], toClient: ['goaway 5 0'] })
    scene.drain()
    scene.fromApp(f.ok(5)).fromApp(f.ok(1)).fromApp(f.ok(3)).fromClient(f.data(3, 'all of it'))
    t.equal(scene.client, 'open', 'one stream is left')
    scene.fromClient(f.data(3, '', true))
    t.same(scene.said(), {
      toApp: ['data 3', 'data 3 end'],
      toClient: ['headers 5 end', 'headers 1 end', 'headers 3 end'],
    })
    t.equal(scene.end, 'lastcall drained')
    t.same(scene.refusals, [])
  },
)

void tap.test('an idle connection ends as soon as the client has heard', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.get(1)).fromApp(f.ok(1))
  scene.took()
  scene.part()
  t.equal(scene.client, 'open')
  scene.fromClient(PONG)
  t.same(clientOf(scene), [...PROHIBITED, 'goaway 1 0'])
  t.equal(scene.end, 'lastcall drained')
})

void tap.test(
  'nothing is put in within a frame of the app, nor within its field block, at any byte',
  async (t) => {
    const said = Buffer.concat([
      f.frame('headers', 0, 1, f.OK),
      f.frame('continuation', endHeaders, 1, Buffer.from([0, 1, 0x78, 1, 0x79])),
      f.data(1, 'some data'),
      f.data(1, '', true),
    ])
    for (let at = 0; at <= said.length; at++) {
      const scene = Http2Scene.greeted()
        .fromClient(f.get(1))
        .fromClient(f.post(3))
        .fromApp(said.subarray(0, at))
      scene.part()
      scene.fromApp(said.subarray(at))
      const rest = clientOf(scene)
      const told = rest.indexOf('goaway 2147483647 0')
      t.ok(told >= 0 && told !== 1, `at ${at}: ${rest.join(', ')}`)
      t.same(rest.toSpliced(told, 2), ['headers 1', 'continuation 1', 'data 1', 'data 1 end'])
    }
  },
)

void tap.test('a client that does not answer the PING gets the final GOAWAY while draining', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.post(1))
  scene.took()
  scene.drain()
  t.same(clientOf(scene), PROHIBITED)
  scene.wait(PATIENCE_MS - 1)
  t.same(clientOf(scene), [])
  scene.wait(1)
  t.same(clientOf(scene), ['goaway 1 0'])

  // What comes now was on its way; the client knows by the last GOAWAY that it was not, and will not be, looked at.
  scene.fromClient(
    Buffer.concat([f.post(3), f.data(3, 'a body'), f.frame('windowUpdate', 0, 3, f.words(9)), f.rst(3)]),
  )
  t.same(scene.said(), { toApp: [], toClient: ['rst 3 7', 'windowUpdate 0 6'] }, 'the app sees nothing of it')
  t.same(scene.refusals, ['draining'])
  t.equal(scene.streams.size, 1)
  scene.fromClient(f.data(1, 'the end', true)).fromApp(f.ok(1))
  t.same(scene.said(), { toApp: ['data 1 end'], toClient: ['headers 1 end'] })
  t.equal(scene.end, 'lastcall drained')
})

void tap.test(
  'when the app has missed a field block that changes its table, no later one reaches it',
  async (t) => {
    t.same(
      afterMissing(INDEXED),
      { toApp: ['rst 1 8'], toClient: ['rst 1 2'], open: 0 },
      'both sides are told',
    )
    t.same(
      afterMissing(f.GET),
      { toApp: ['headers 1 end'], toClient: [], open: 1 },
      'one that does not is not missed',
    )
  },
)

void tap.test('a client that does not stop is a flood in the end', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.post(1))
  scene.part()
  scene.fromClient(PONG)
  for (let i = 0; scene.client === 'open' && i < 100_000; i++) scene.fromClient(f.get(2 * i + 3))
  t.equal(scene.end, 'lastcall limit')
})

void tap.test('a connection that begins in lame duck gets one GOAWAY, while draining', async (t) => {
  const scene = newcomer().fromApp(f.SETTINGS)
  for (let i = 0; i < 20; i++) {
    scene.fromClient(f.get(2 * i + 1)).fromApp(f.ok(2 * i + 1))
    scene.wait(PATIENCE_MS)
  }
  t.same(
    clientOf(scene).filter((name) => name.startsWith('goaway')),
    [],
    'told before, it would come again',
  )
  scene.fromClient(f.get(41))
  scene.drain()
  t.same(clientOf(scene), PROHIBITED)
  scene.fromClient(PONG).fromApp(f.ok(41))
  t.same(clientOf(scene), ['goaway 41 0', 'headers 41 end'])
  t.equal(scene.end, 'lastcall drained')

  const silent = newcomer().fromApp(f.SETTINGS)
  silent.drain()
  t.same(clientOf(silent), ['settings'], 'one that has just come is let ask')
  silent.fromClient(f.get(1)).fromApp(f.ok(1))
  t.same(
    clientOf(silent),
    ['headers 1 end'],
    'and more than once: the listener may be open, and the client would come back',
  )
  silent.wait(PATIENCE_MS)
  t.same(clientOf(silent), PROHIBITED, 'but not for ever')

  const early = newcomer()
  early.fromClient(f.get(1)).wait(PATIENCE_MS)
  early.drain()
  t.same(clientOf(early), [])
  early.fromApp(f.SETTINGS)
  t.same(clientOf(early), ['settings', ...PROHIBITED], 'nothing before the SETTINGS of the app')

  const stayed = newcomer().fromApp(f.SETTINGS)
  stayed.terms.lameDuck = false // The drain was taken back; another begins.
  stayed.wait(PATIENCE_MS)
  stayed.part()
  t.same(clientOf(stayed), ['settings', ...PROHIBITED], 'for the next drain it is not new')
})

void tap.test(
  'a connection that is young when clients are to leave gets a second to say what it has queued',
  async (t) => {
    const scene = new Http2Scene().fromClient(f.HELLO)
    scene.open()
    scene.fromApp(f.SETTINGS).fromClient(f.get(1))
    scene.part()
    scene.fromClient(f.get(3)).fromApp(f.ok(1)).fromClient(f.get(5))
    t.same(scene.said().toApp, ['settings', 'headers 1 end', 'headers 3 end', 'headers 5 end'])
    scene.wait(PATIENCE_MS)
    t.same(clientOf(scene), PROHIBITED)
  },
)

void tap.test('the GOAWAY of the app passes, and then we add nothing', async (t) => {
  const scene = Http2Scene.greeted()
    .fromClient(f.get(1))
    .fromApp(f.goaway(2 ** 31 - 1))
  scene.drain()
  scene.wait(PATIENCE_MS)
  scene.fromApp(Buffer.concat([f.goaway(1), f.ok(1)]))
  t.same(clientOf(scene), ['goaway 2147483647 0', 'goaway 1 0', 'headers 1 end'])
  t.equal(scene.client, 'open', 'the app closes it')
  scene.talk.appEnded()
  t.equal(scene.end, 'app closed')
})

void tap.test('after our last GOAWAY the app cannot raise it, but say less, or an error', async (t) => {
  const scene = toldItsLast().fromApp(f.goaway(2 ** 31 - 1))
  t.same(clientOf(scene), [], 'RFC 9113 §6.8: endpoints MUST NOT increase the value')
  scene.fromApp(f.frame('goaway', 0, 0, Buffer.concat([f.words(2 ** 31 - 1, 2), Buffer.from('why')])))
  t.same(f.framesOf(scene.took().toClient), [
    { type: 7, flags: 0, stream: 0, payload: Buffer.concat([f.words(3, 2), Buffer.from('why')]) },
  ])
  const less = toldItsLast().fromApp(f.goaway(1))
  t.same(clientOf(less), ['goaway 1 0'])
  t.equal(less.streams.size, 1, 'what is above is over')
})

void tap.test('an error of ours after the GOAWAY of the app does not raise its last stream', async (t) => {
  const scene = Http2Scene.greeted().fromClient(Buffer.concat([f.get(1), f.get(3)]))
  scene.fromApp(f.goaway(1)).fromClient(f.data(0, 'x'))
  t.same(clientOf(scene), ['goaway 1 0', 'goaway 1 1'])
})

void tap.test('a stream that the app promises twice is in flight once', async (t) => {
  const promise = f.frame('push', endHeaders, 1, Buffer.concat([f.words(2), f.GET]))
  const scene = Http2Scene.greeted().fromClient(f.get(1)).fromApp(promise).fromApp(promise)
  t.equal(scene.streams.size, 2)
  scene.fromApp(f.ok(2)).fromApp(f.ok(1))
  t.equal(scene.streams.size, 0)
})

void tap.test('the PING of somebody else is not ours', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.get(1))
  scene.took()
  scene.fromClient(PONG)
  t.same(f.named(scene.took().toApp), ['ping ack'], 'before we have asked')
  scene.part()
  scene.fromClient(f.frame('ping', ack, 0, Buffer.alloc(8)))
  t.same(f.named(scene.took().toApp), ['ping ack'])
  scene.fromClient(Buffer.concat([PONG, PONG]))
  t.same(f.named(scene.took().toApp), ['ping ack'], 'one answer is ours')
})

void tap.test('idle: GOAWAY with the last stream, then FIN', async (t) => {
  const scene = Http2Scene.greeted().fromClient(f.get(1))
  scene.talk.closeIfIdle('timeout')
  t.equal(scene.client, 'open', 'not while a stream is open')
  scene.fromApp(f.ok(1))
  scene.took()
  scene.talk.closeIfIdle('timeout')
  t.same(clientOf(scene), ['goaway 1 0'])
  t.equal(scene.end, 'lastcall timeout')
  scene.fromClient(f.get(3))
  t.same(scene.took(), { toApp: Buffer.of(), toClient: Buffer.of() }, 'what crosses it was not looked at')
})

void tap.test(
  'the app cannot be reached: nothing was processed, and clients may send it again',
  async (t) => {
    const scene = new Http2Scene().fromClient(Buffer.concat([f.HELLO, f.get(1), f.get(3)]))
    t.equal(scene.streams.size, 2)
    scene.fail('refused')
    t.same(clientOf(scene), ['settings', 'goaway 0 0'])
    t.equal(scene.end, 'app refused')
    t.same(scene.refusals, ['app-unavailable'])
  },
)

void tap.test('while the app is away, a client is read from up to a measure', async (t) => {
  const scene = new Http2Scene().fromClient(Buffer.concat([f.HELLO, f.post(1)]))
  for (let i = 0; i < 10; i++) scene.fromClient(f.frame('data', 0, 1, Buffer.alloc(10_000)))
  t.ok(scene.paused)
  scene.open()
  t.notOk(scene.paused)
  t.equal(f.framesOf(scene.took().toApp).length, 12)
})

void tap.test('ends of either side', async (t) => {
  const left = Http2Scene.greeted().fromClient(f.get(1))
  left.talk.clientEnded()
  t.ok(left.appFin, 'the app sees what it would see without us')
  left.app = 'open'
  left.fromApp(f.ok(1))
  t.same(left.ends, ['GET 200'])
  const idle = Http2Scene.greeted()
  idle.talk.clientEnded()
  t.equal(idle.end, 'client closed')
  const gone = Http2Scene.greeted().fromClient(f.get(1))
  gone.talk.clientGone()
  t.equal(gone.app, 'none', 'the app can cancel its work')
  t.same(gone.ends, ['GET 0'])
  const broke = Http2Scene.greeted().fromClient(f.get(1))
  broke.took()
  broke.app = 'none'
  broke.talk.appGone()
  t.equal(broke.end, 'app reset')
  const closed = Http2Scene.greeted().fromClient(f.get(1)).fromApp(f.ok(1))
  closed.took()
  closed.talk.appEnded()
  t.same(clientOf(closed), ['goaway 1 0'], 'nothing was cut: which was the last is known')
})
