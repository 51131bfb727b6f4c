/**
 * The event stream of /status. Closed while the page is hidden, so that nothing is sent to whom nobody looks at; opened
 * again as often as it must be. Knows nothing of what the events say.
 */
import type { LiveEvent } from '../proxy/admin/live.ts'

/** `ended`: the process said that it exits. */
export type Link = 'connecting' | 'live' | 'lost' | 'full' | 'ended'

export interface FeedEvents {
  /** The next event has every part. */
  began(): void
  event(event: LiveEvent): void
  link(link: Link): void
}

/** An answer other than 200 ends an EventSource for good: too many watch, or something else is there now. */
const RETRY_MS = 5000

export function openFeed(url: string, events: FeedEvents): void {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let over = false

  const close = (): void => {
    clearTimeout(retry)
    source?.close()
    source = undefined
  }
  const open = (): void => {
    close()
    if (over || document.hidden) return
    const made = new EventSource(url)
    source = made
    made.addEventListener('open', () => {
      events.began()
      events.link('live')
    })
    made.addEventListener('message', ({ data }) => events.event(JSON.parse(data as string) as LiveEvent))
    made.addEventListener('end', () => {
      over = true
      close()
      events.link('ended')
    })
    made.addEventListener('error', () => {
      const refused = made.readyState === EventSource.CLOSED
      events.link(refused ? 'full' : 'lost')
      if (refused) retry = setTimeout(open, RETRY_MS)
    })
  }
  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  open()
}
