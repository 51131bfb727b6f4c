/** What our conversation makes of a stream: where each message ends, and how it stands at the end of the bytes. */
import { Scene } from '../fixtures/conversation.ts'
import { defaultSetting } from '../fixtures/transcript.ts'

export interface Requests {
  /** The complete ones, byte by byte as the app got them. */
  readonly complete: readonly Buffer[]
  /** At the end of the bytes. `closed`: the last request said that no other follows. */
  readonly end: 'between' | 'in-head' | 'in-body' | 'refused' | 'closed'
  /** The label of the refusal, if there was one. */
  readonly refusal?: string | undefined
}

const ANSWER = Buffer.from('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n')

/** Plays a client that sends these pieces to an app that answers each request at once, even before its body. */
export function readRequests(pieces: readonly Buffer[]): Requests {
  const scene = new Scene({ ...defaultSetting(), forwardedFor: false })
  let answered = 0
  for (const piece of pieces) {
    scene.fromClient(piece)
    while (scene.asked > answered && scene.app === 'open') {
      answered += 1
      scene.fromApp(ANSWER)
    }
  }
  const { length } = scene.requests
  const refused = scene.refusals > 0
  const end = refused
    ? 'refused'
    : scene.client !== 'open'
      ? 'closed'
      : scene.talk.inHead
        ? 'in-head'
        : scene.inFlight
          ? 'in-body'
          : 'between'
  const open = refused || end === 'in-head' || end === 'in-body' ? 1 : 0
  return {
    complete: scene.requests.slice(0, length - open),
    end,
    ...(refused && { refusal: scene.lastRefusal }),
  }
}

export interface Response {
  /** `until-close`: its body has no end of its own. `opaque`: not understood. `tunnel`: an Upgrade. */
  readonly end: 'complete' | 'in-head' | 'in-body' | 'until-close' | 'opaque' | 'tunnel'
  /** The bytes of it, interim responses included; 0 if it is not complete. */
  readonly length: number
}

/** Plays an app that sends these pieces when it is asked by GET, or HEAD. */
export function readResponse(pieces: readonly Buffer[], toHead: boolean): Response {
  const scene = new Scene({ ...defaultSetting(), forwardedFor: false })
  scene.fromClient(
    Buffer.from(
      `${toHead ? 'HEAD' : 'GET'} / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`,
    ),
  )
  for (const piece of pieces) scene.fromApp(piece)
  if (scene.carried !== 'http1') return { end: scene.carried === 'tunnel' ? 'tunnel' : 'opaque', length: 0 }
  if (!scene.inFlight) return { end: 'complete', length: scene.relayed[0]!.toClient.length }
  scene.feed({ kind: 'sign', sign: 'app fin' }, () => [])
  // A FIN completes only what goes on until then; what else is cut by it is reset, or answered with 502.
  if (scene.lastStatus === 502 && scene.refusals > 0) return { end: 'in-head', length: 0 }
  return { end: scene.client === 'fin' ? 'until-close' : 'in-body', length: 0 }
}
