/**
 * The event stream of /status. Its code is loaded with the first request, so that a sidecar without viewers does not
 * contain it. Shell.
 */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../process/clock.ts'
import type { AdminLimits } from './http.ts'
import type { AdminView, Answer } from './routes.ts'
import { textAnswer } from './routes.ts'
import type { Streams } from './stream.ts'

export interface WatchOptions {
  readonly view: Pick<AdminView, 'live'>
  readonly commands: { watched(on: boolean): void }
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void }
}

export class Watch {
  readonly #options: WatchOptions
  readonly #most: number
  #streams: Streams | undefined
  #ended = false

  constructor(options: WatchOptions, { viewers, connections }: AdminLimits) {
    this.#options = options
    // If only a few connections are allowed, most of them are left to others.
    this.#most = Math.max(1, Math.min(viewers, Math.floor(connections / 4)))
  }

  /** Streams to a viewer until it is gone, or resolves with the answer that says why not. */
  async open(response: ServerResponse): Promise<Answer | undefined> {
    const { Streams: Made } = await import('./stream.ts')
    const { clock, commands, log, view } = this.#options
    if (response.destroyed) return undefined
    if (this.#ended) return textAnswer(503, 'lastcall is about to exit', { connection: 'close' })
    this.#streams ??= new Made({
      clock,
      most: this.#most,
      look: () => view.live(),
      watched: (on) => commands.watched(on),
      failed: (error) => log.warn({ err: error }, 'admin: the event stream of /status failed'),
    })
    if (this.#streams.open(response)) return undefined
    return textAnswer(503, `${this.#most} viewers are watching, which is the maximum: try again later`)
  }

  /** The process ends. */
  end(): void {
    this.#ended = true
    this.#streams?.end()
  }
}
