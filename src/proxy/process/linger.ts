/**
 * How long a client that was told to leave may take to close its side (RFC 9112 §9.6); an exit waits this long, too.
 * Pure.
 */

export const LINGER_MS = 2000
