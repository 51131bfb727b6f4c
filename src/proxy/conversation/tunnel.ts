/**
 * A conversation of which only the ends are known: bytes pass both ways unchanged until a side closes. An accepted
 * Upgrade, an app that is not understood (opaque), or `--protocol tcp`. It counts as one request in flight; a drain
 * waits for it, and the deadline cuts it. Pure.
 */

import { type AppFault, APP_FAULTS } from '../../protocol/http1/answer.ts'
import { AppLine } from './app-line.ts'
import type { EndWho, EndWhy } from '../../words.ts'
import type { Link, Talk } from './link.ts'

/** A client of `--protocol tcp`: the app is dialled at once, as in some protocols the server speaks first. */
export function plainTunnel(link: Link): Tunnel {
  const line = new AppLine(link)
  link.account.began('tcp')
  line.prepare()
  return new Tunnel(link, line, 0)
}

export class Tunnel implements Talk {
  readonly idle = false
  readonly inHead = false
  readonly #link: Link
  readonly #line: AppLine
  readonly #status: number
  #clientEnded = false
  #appEnded = false
  #over = false

  /** Takes over a line that is open, or being dialled. `status` is what the books say of the request behind it. */
  constructor(link: Link, line: AppLine, status: number) {
    this.#link = link
    this.#line = line
    this.#status = status
  }

  /** Bytes wait while the app is being dialled. */
  get held(): number {
    return this.#line.waiting
  }

  fromClient(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return
    this.#line.send(bytes, start, end)
  }

  fromApp(bytes: Buffer, start: number, end: number): void {
    if (!this.#over) this.#link.toClient(bytes, start, end)
  }

  clientEnded(): void {
    this.#clientEnded = true
    if (this.#over) return
    if (this.#appEnded) this.#end('client', 'closed')
    else this.#line.fin()
  }

  clientGone(): void {
    this.#line.reset()
    this.#finish()
  }

  appOpen(): void {
    this.#line.opened()
    if (this.#clientEnded) this.#line.fin()
  }

  appFailed(fault: AppFault): void {
    this.#line.lost()
    this.#link.refused(APP_FAULTS[fault].label)
    this.#reset('app', 'refused')
  }

  appEnded(): void {
    this.#appEnded = true
    if (this.#over) return
    if (this.#clientEnded) this.#end('app', 'closed')
    else this.#link.halfCloseClient()
  }

  appGone(): void {
    this.#line.lost()
    this.#reset('app', 'reset')
  }

  clientDrained(): void {}
  headTimedOut(): void {}
  sweep(): void {}
  closeIfIdle(): void {}
  leave(): void {}

  #end(who: EndWho, why: EndWhy): void {
    this.#line.drop()
    this.#finish()
    this.#link.finClient(who, why)
  }

  #reset(who: EndWho, why: EndWhy): void {
    if (this.#over) return
    this.#finish()
    this.#link.resetClient(who, why)
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#line.release()
    this.#link.account.finished(this.#status)
  }
}
