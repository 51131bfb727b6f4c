/** Which requests are for `--lb-health-path`: lastcall answers them itself (DESIGN §4). Pure. */

import { METHOD_GET, METHOD_HEAD } from './methods.ts'
import type { RequestHead } from './request-head.ts'

const QUESTION_MARK = 0x3f

/** Whether `head`, whose target is in `bytes`, is a GET or HEAD of `path` without a body, with or without a query. */
export function isLbHealth(bytes: Buffer, head: RequestHead, path: Buffer | undefined): boolean {
  if (path === undefined || head.length !== 0) return false
  if (head.method !== METHOD_GET && head.method !== METHOD_HEAD) return false
  const pathEnd = head.targetStart + path.length
  if (pathEnd > head.targetEnd || (pathEnd < head.targetEnd && bytes[pathEnd] !== QUESTION_MARK)) return false
  return path.compare(bytes, head.targetStart, pathEnd) === 0
}
