/**
 * The frame that ends a WebSocket in a drain: Close 1001, "going away, such as a server going down" (RFC 6455 §7.4.1), with
 * a reason for people who read logs. Pure.
 */

const FIN_CLOSE = 0x88
const MASKED = 0x80
const GOING_AWAY = 1001
const REASON = 'this server is going away'

const PAYLOAD = Buffer.concat([Buffer.of(GOING_AWAY >> 8, GOING_AWAY & 0xff), Buffer.from(REASON)])

/** For the client. Servers do not mask frames (RFC 6455 §5.1). */
export const CLOSE_FOR_CLIENT = Buffer.concat([Buffer.of(FIN_CLOSE, PAYLOAD.length), PAYLOAD])

/** For the app, masked with this key of 4 bytes, as every frame of a client must be (RFC 6455 §5.3). */
export function closeForApp(key: Uint8Array): Buffer {
  const masked = PAYLOAD.map((byte, i) => byte ^ key[i % 4]!)
  return Buffer.concat([Buffer.of(FIN_CLOSE, MASKED | PAYLOAD.length), key, masked])
}
