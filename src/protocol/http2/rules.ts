/**
 * What is wrong with a frame of a client, as far as its head tells: size, stream, order. lastcall must judge these, because
 * it inserts bytes between frames and within field blocks; it leaves the rest to the app. RFC 9113 §4.2, §5.1, §6. Pure.
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
  /** This is the first frame: it must be SETTINGS (§3.4). */
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
  // §6.10: only CONTINUATION may come within a field block, and it may come nowhere else.
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
    default: // An invalid PRIORITY is only a stream error, which the app judges. It also ignores unknown types (§5.5).
      return NO_ERROR
  }
}

function headersFault(frame: FrameCursor): number {
  // §5.1.1: clients open odd streams.
  if (frame.stream % 2 === 0) return PROTOCOL_ERROR
  return paddingFault(frame, (frame.flags & HAS_PRIORITY) === 0 ? 0 : 5)
}

/** §6.1 and §6.2: the error if padding leaves less than `least` bytes of the payload. */
function paddingFault(frame: FrameCursor, least: number): number {
  const { length, flags } = frame
  if (length < least + ((flags & PADDED) === 0 ? 0 : 1)) return FRAME_SIZE_ERROR
  return paddingOf(frame) + least > length ? PROTOCOL_ERROR : NO_ERROR
}

/** §5.1: only HEADERS and PRIORITY are allowed on a stream that the client has not opened yet. The app opens even ones. */
function isIdle(stream: number, lastStream: number): boolean {
  return stream % 2 === 1 && stream > lastStream
}
