/**
 * Which sides are read from; this table alone decides it (DESIGN §2, backpressure end to end). A side is read from only
 * while its bytes have somewhere to go. The app's bytes go to the client, so a slow client stops the app. The client's
 * bytes go to the app or wait in the conversation, so a slow app, or a conversation that holds its maximum, stops the
 * client. A client's own backlog does not stop the client: it may have to send its whole request before it reads the
 * answer. A conversation therefore begins no request while the client has a backlog, and holds what arrives meanwhile:
 * that bounds lastcall's own answers. Pure.
 */

export const READ_CLIENT = 1
export const READ_APP = 2

const CLIENT_BACKLOG = 1
const APP_BACKLOG = 2
const FULL = 4

/** Which sides are read from, by the sum of CLIENT_BACKLOG, APP_BACKLOG and FULL. */
const TABLE = Uint8Array.of(
  READ_CLIENT | READ_APP,
  READ_CLIENT, // client backlog
  READ_APP, // app backlog
  0, // client backlog, app backlog
  READ_APP, // full
  0, // client backlog, full
  READ_APP, // app backlog, full
  0, // client backlog, app backlog, full
)

/**
 * Returns READ_CLIENT, READ_APP, their sum, or 0. A backlog is what was written to a side and not yet taken by the
 * kernel; `full`: the conversation holds its maximum of the client's bytes.
 */
export function readsFrom(clientBacklog: boolean, appBacklog: boolean, full: boolean): number {
  return TABLE[(clientBacklog ? CLIENT_BACKLOG : 0) | (appBacklog ? APP_BACKLOG : 0) | (full ? FULL : 0)]!
}

/** The head of an ordinary client that comes in pieces: it is read to its end, whatever all clients together hold. */
const SPARED_HEAD_BYTES = 4096

/**
 * Whether a conversation holds as much as it may. `maxBuffered`: in bytes; 0 while all clients together hold too much. An
 * incomplete head may be as long as --max-head, except in that case.
 */
export function isFull(
  { buffered, headBytes }: { readonly buffered: number; readonly headBytes: number },
  maxBuffered: number,
): boolean {
  return buffered > maxBuffered || (maxBuffered === 0 && headBytes > SPARED_HEAD_BYTES)
}
