/**
 * What is wrong with a frame of a client, as far as its head says: sizes, streams, order. What hangs on these is ours to
 * judge, as we put bytes in between frames and within field blocks; the rest is the app's to judge. Pure.
 * RFC 9113 §4.2, §5.1, §6.
 */

import {
  ACK,
  CONTINUATION,
  DATA,
  FRAME_SIZE_ERROR,
  type FrameCursor,
  GOAWAY,
  HAS_PRIORITY,
  HEADERS,
  NO_ERROR,
  PADDED,
  paddingOf,
  PING,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  WINDOW_UPDATE,
} from './frame.ts'

export interface Situation {
  /** Nothing came before: it has to be SETTINGS (§3.4). */
  readonly first: boolean
  /** The stream whose field block has not ended, or 0 (§4.3). */
  readonly block: number
  /** The highest stream that the client has opened. */
  readonly lastStream: number
  readonly maxFrame: number
}

/** The error that ends the connection, or NO_ERROR. */
export function faultOf(frame: FrameCursor, { first, block, lastStream, maxFrame }: Situation): number {
  const { type, stream, length, flags } = frame
  if (length > maxFrame) return FRAME_SIZE_ERROR
  if (first && (type !== SETTINGS || (flags & ACK) !== 0)) return PROTOCOL_ERROR
  // §6.10: nothing may come in between, and CONTINUATION nowhere else.
  if (block !== 0 ? type !== CONTINUATION || stream !== block : type === CONTINUATION) return PROTOCOL_ERROR
  switch (type) {
    case HEADERS:
      return headersFault(frame)
    case DATA:
      return stream === 0 || isIdle(stream, lastStream) ? PROTOCOL_ERROR : paddingFault(frame, 0)
    case RST_STREAM:
      if (stream === 0 || isIdle(stream, lastStream)) return PROTOCOL_ERROR
      return length === 4 ? NO_ERROR : FRAME_SIZE_ERROR
    case WINDOW_UPDATE:
      if (isIdle(stream, lastStream)) return PROTOCOL_ERROR
      return length === 4 ? NO_ERROR : FRAME_SIZE_ERROR
    case SETTINGS:
      if (stream !== 0) return PROTOCOL_ERROR
      return length % 6 === 0 && (length === 0 || (flags & ACK) === 0) ? NO_ERROR : FRAME_SIZE_ERROR
    case PING:
      if (stream !== 0) return PROTOCOL_ERROR
      return length === 8 ? NO_ERROR : FRAME_SIZE_ERROR
    case GOAWAY:
      if (stream !== 0) return PROTOCOL_ERROR
      return length >= 8 ? NO_ERROR : FRAME_SIZE_ERROR
    case PUSH_PROMISE: // §8.4: clients do not push.
      return PROTOCOL_ERROR
    default: // PRIORITY: a stream error, the app's to judge. Unknown types are for the app to ignore (§5.5).
      return NO_ERROR
  }
}

function headersFault(frame: FrameCursor): number {
  // §5.1.1: clients open odd streams.
  if (frame.stream % 2 === 0) return PROTOCOL_ERROR
  return paddingFault(frame, (frame.flags & HAS_PRIORITY) === 0 ? 0 : 5)
}

/** §6.1 and §6.2: padding that leaves no room for what is not padding, at least `least` bytes. */
function paddingFault(frame: FrameCursor, least: number): number {
  const { length, flags } = frame
  if (length < least + ((flags & PADDED) === 0 ? 0 : 1)) return FRAME_SIZE_ERROR
  return paddingOf(frame) + least > length ? PROTOCOL_ERROR : NO_ERROR
}

/** §5.1: in a stream that nobody opened, nothing but HEADERS and PRIORITY may be said. The app opens the even ones. */
function isIdle(stream: number, lastStream: number): boolean {
  return stream % 2 === 1 && stream > lastStream
}
