/**
 * Which flood each frame of a client counts towards. A frame that other frames gave the client reason to send counts
 * towards none. RFC 9113 §10.5. Pure.
 */

import * as h2 from './frame.ts'
import { type Flood, type Guard, MEASURES, YOUNG_MS } from './guard.ts'
import type { AppSettings } from './settings.ts'
import type { Streams } from './streams.ts'

export interface Census {
  readonly guard: Guard
  readonly streams: Streams
  readonly settings: AppSettings
}

/**
 * Counts a frame of the client that breaks no rule and does not acknowledge a PING of lastcall's. Returns the flood if
 * this frame exceeds what is allowed. `now` in milliseconds.
 */
export function floodOf(frame: h2.FrameCursor, census: Census, now: number): Flood | undefined {
  const measure = measureOf(frame, census)
  if (measure === undefined) return undefined
  if (measure !== 'late-reset') return census.guard.floods(measure, now) ? MEASURES[measure].label : undefined
  const { beganAt } = census.streams.unanswered(frame.stream)!
  const isYoung = now - beganAt < YOUNG_MS
  if (isYoung && census.guard.floods('rapid-reset', now)) return 'rapid-reset'
  return census.guard.floods('late-reset', now) ? 'rapid-reset' : undefined
}

function measureOf(frame: h2.FrameCursor, census: Census): keyof typeof MEASURES | undefined {
  const { guard, settings, streams } = census
  const isAck = (frame.flags & h2.ACK) !== 0
  switch (frame.type) {
    case h2.HEADERS:
      guard.opened()
      return undefined
    case h2.CONTINUATION:
      return frame.length === 0 ? 'empty-frames' : undefined
    case h2.DATA:
      return h2.paddingOf(frame) === frame.length && !endsAnything(frame, guard) ? 'empty-frames' : undefined
    case h2.RST_STREAM:
      if (!guard.ends.paid()) return 'empty-frames'
      // If the app has answered already, a reset saves it work rather than costing it some.
      return streams.unanswered(frame.stream) === undefined ? undefined : 'late-reset'
    case h2.WINDOW_UPDATE:
      return guard.updates.paid() ? undefined : 'window-update-flood'
    case h2.SETTINGS:
      return isAck && settings.acknowledged() ? undefined : 'settings-flood'
    case h2.PING:
      return isAck && guard.acks.paid() ? undefined : 'ping-flood'
    case h2.PRIORITY:
    case h2.PRIORITY_UPDATE:
      return 'priority-flood'
    case h2.GOAWAY:
      return 'goaway-flood'
    default: // Types that are not known yet.
      return 'empty-frames'
  }
}

function endsAnything({ flags }: h2.FrameCursor, guard: Guard): boolean {
  return (flags & h2.END_STREAM) !== 0 && guard.ends.paid()
}
