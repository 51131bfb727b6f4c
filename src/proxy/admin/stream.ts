/**
 * The page and its event stream on node:http. Shell. Loaded with the first request for either, so that a sidecar
 * without viewers does not contain it.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../process/clock.ts'
import { type LiveInput, liveParts } from './live.ts'
import { PAGE, PAGE_POLICY } from './page.ts'
import type { Answer } from './routes.ts'
import { type Screen, Viewers } from './viewers.ts'

export interface StreamOptions {
  readonly clock: Clock
  /** The maximum number of viewers. */
  readonly most: number
  readonly look: () => LiveInput
  /** The first viewer has come, or the last one has left. */
  readonly watched: (on: boolean) => void
  /** Reading the state failed; the stream continues. */
  readonly failed: (error: unknown) => void
}

/** What a browser allows the page: to run its own script and style, and to talk to this port; nothing else. */
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': PAGE_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
  vary: 'accept',
}

export function pageAnswer(): Answer {
  return { status: 200, headers: PAGE_HEADERS, body: PAGE }
}

const STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // nginx and others buffer what they take for a short answer.
  'x-accel-buffering': 'no',
  connection: 'close',
}

export class Streams {
  readonly #viewers: Viewers
  readonly #watched: (on: boolean) => void

  constructor({ clock, most, look, watched, failed }: StreamOptions) {
    this.#watched = watched
    this.#viewers = new Viewers({
      clock,
      most,
      look() {
        try {
          return liveParts(look())
        } catch (error) {
          failed(error)
          return {}
        }
      },
    })
  }

  /** Streams to this client until it is gone. Returns false, without writing, if too many watch already. */
  open(response: ServerResponse): boolean {
    const screen = screenOf(response)
    if (!this.#viewers.add(screen)) return false
    if (this.#viewers.size === 1) this.#watched(true)
    response.on('close', () => {
      this.#viewers.remove(screen)
      if (this.#viewers.size === 0) this.#watched(false)
    })
    return true
  }

  /** The process ends; no viewer is waited for. */
  end(): void {
    this.#viewers.end()
  }
}

function screenOf(response: ServerResponse): Screen {
  const begin = (): void => {
    if (!response.headersSent) response.writeHead(200, STREAM_HEADERS)
  }
  return {
    get full() {
      return response.writableLength > 0
    },
    write(text) {
      begin()
      response.write(text)
    },
    end(text) {
      begin()
      response.end(text)
    },
    destroy: () => response.destroy(),
  }
}
