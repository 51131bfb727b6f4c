/**
 * Passes bytes both ways unchanged until a side closes: an accepted Upgrade, an app that cannot be parsed (opaque), or
 * `--protocol tcp`. It counts as one request in flight; a drain waits for it, and the deadline cuts it. Pure.
 */

import { type AppFault, APP_FAULTS } from '../../protocol/http1/answer.ts'
import { AppChannel } from './app-channel.ts'
import type { EndWho, EndWhy } from '../../words.ts'
import type { Conversation, Link } from './link.ts'

/**
 * The conversation of a client of `--protocol tcp`. Dials the app at once, because in some protocols the server speaks
 * first.
 */
export function plainTunnel(link: Link): Tunnel {
  const channel = new AppChannel(link)
  link.account.began('tcp')
  channel.prepare()
  return new Tunnel(link, channel, 0)
}

export class Tunnel implements Conversation {
  readonly idle = false
  readonly inHead = false
  readonly headBytes = 0
  readonly #link: Link
  readonly #channel: AppChannel
  readonly #status: number
  #clientEnded = false
  #appEnded = false
  #over = false

  /** Takes over a channel that is open or being dialled. Its request is counted with `status`. */
  constructor(link: Link, channel: AppChannel, status: number) {
    this.#link = link
    this.#channel = channel
    this.#status = status
  }

  /** Bytes wait while the app is being dialled. */
  get buffered(): number {
    return this.#channel.waiting
  }

  fromClient(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return
    this.#channel.send(bytes, start, end)
  }

  fromApp(bytes: Buffer, start: number, end: number): void {
    if (!this.#over) this.#link.toClient(bytes, start, end)
  }

  clientEnded(): void {
    this.#clientEnded = true
    if (this.#over) return
    if (this.#appEnded) this.#end('client', 'closed')
    else this.#channel.fin()
  }

  clientGone(): void {
    this.#channel.reset()
    this.#finish(false)
  }

  appOpen(): void {
    this.#channel.opened()
    if (this.#clientEnded) this.#channel.fin()
  }

  appFailed(fault: AppFault): void {
    this.#channel.lost()
    const { label, who } = APP_FAULTS[fault]
    this.#link.refused(label)
    this.#reset(who, 'refused')
  }

  appEnded(): void {
    this.#appEnded = true
    if (this.#over) return
    if (this.#clientEnded) this.#end('app', 'closed')
    else this.#link.halfCloseClient()
  }

  /** If the app has already sent its FIN, a reset could destroy what the client has not read yet. */
  appGone(): void {
    this.#channel.lost()
    if (this.#appEnded && !this.#over) this.#end('app', 'closed')
    else this.#reset('app', 'reset')
  }

  clientDrained(): void {}
  headTimedOut(): void {}
  sweep(): void {}
  closeIfIdle(): void {}
  leave(): void {}

  #end(who: EndWho, why: EndWhy): void {
    this.#channel.drop()
    this.#finish(true)
    this.#link.finClient(who, why)
  }

  #reset(who: EndWho, why: EndWhy): void {
    if (this.#over) return
    this.#finish(false)
    this.#link.resetClient(who, why)
  }

  /** `whole`: both sides have ended the tunnel themselves. */
  #finish(whole: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#channel.release()
    this.#link.account.finished(this.#status, whole)
  }
}
