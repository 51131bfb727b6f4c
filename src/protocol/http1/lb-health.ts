/** Which requests are for `--lb-health-path`, and so answered by lastcall itself (DESIGN §4). Pure. */

import { METHOD_GET, METHOD_HEAD, type RequestHead } from './request-head.ts'

const QUESTION_MARK = 0x3f

/** Whether the request whose head lies in `bytes` is a GET or HEAD of `path`, with or without a query. */
export function isLbHealth(bytes: Buffer, head: RequestHead, path: Buffer | undefined): boolean {
  if (path === undefined || head.length !== 0) return false
  if (head.method !== METHOD_GET && head.method !== METHOD_HEAD) return false
  const pathEnd = head.targetStart + path.length
  if (pathEnd > head.targetEnd || (pathEnd < head.targetEnd && bytes[pathEnd] !== QUESTION_MARK)) return false
  return path.compare(bytes, head.targetStart, pathEnd) === 0
}
