/** How long a client that was told to leave may take to close its side (RFC 9112 §9.6), and an exit waits for that. Pure. */

/** In milliseconds. */
export const LINGER_MS = 2000
