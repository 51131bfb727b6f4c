/** The contract between a port and its owner: what the port reports. */

export type Side = 'client' | 'app'

export interface PortOwner {
  /** Bytes arrived: `bytes[0..count)`, valid only during the call. */
  portRead(side: Side, bytes: Buffer, count: number): void
  /** The kernel has taken everything that was written. */
  portDrained(side: Side): void
  portOpen(side: Side): void
  /** The peer has sent its FIN. */
  portEnded(side: Side): void
  /** The socket is closed, for whatever reason; nothing follows. `error` is the name of the errno, if there was one. */
  portClosed(side: Side, error: string | undefined): void
}

/** The owner of a port that has been given up. */
export const NOBODY: PortOwner = {
  portRead: () => undefined,
  portDrained: () => undefined,
  portOpen: () => undefined,
  portEnded: () => undefined,
  portClosed: () => undefined,
}
