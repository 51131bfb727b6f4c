/**
 * Who is read from: the one table that decides it (DESIGN §2, backpressure end to end). A side is read from only while
 * what it sends can go somewhere. The app's bytes go to the client, so a client that is slow to take them stops the
 * app. The client's bytes go to the app, or wait in the conversation: an app that is slow to take them, or a
 * conversation that holds as many as it may, stops the client. A client's own backlog does not stop the client: it may
 * have to send all of its request before it reads the answer. A conversation therefore begins no request while the
 * client has a backlog, and holds what comes meanwhile: that bounds what we answer ourselves. Pure.
 */

export const READ_CLIENT = 1
export const READ_APP = 2

const CLIENT_BACKLOG = 1
const APP_BACKLOG = 2
const FULL = 4

/** By the sum of CLIENT_BACKLOG, APP_BACKLOG and FULL: who is read from. */
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
 * Returns READ_CLIENT, READ_APP, both (their sum) or 0. A backlog is what was written to that side and the kernel has
 * not taken; `full`: the conversation holds more of the client's bytes than it may.
 */
export function readsFrom(clientBacklog: boolean, appBacklog: boolean, full: boolean): number {
  return TABLE[(clientBacklog ? CLIENT_BACKLOG : 0) | (appBacklog ? APP_BACKLOG : 0) | (full ? FULL : 0)]!
}
