/**
 * The load generator, as a process of its own: takes one task after the other from its parent and answers each. It stays the
 * same process for a whole run, so that it is warm when it is measured against.
 */

import { closed } from './closed.ts'
import { Crowd } from './crowd.ts'
import { fresh } from './fresh.ts'
import { http2 } from './http2.ts'
import type { Reply, Task } from './messages.ts'
import { open } from './open.ts'
import { upload } from './upload.ts'
import { webSocket } from './websocket.ts'

const crowd = new Crowd()

async function work(task: Task): Promise<Reply> {
  switch (task.kind) {
    case 'closed':
    case 'download':
      return closed(task)
    case 'open':
      return open(task)
    case 'fresh':
      return fresh(task)
    case 'upload':
      return upload(task)
    case 'websocket':
      return webSocket(task)
    case 'http2':
      return http2(task)
    case 'gather':
      return crowd.gather(task)
    case 'disperse':
      return crowd.disperse()
    default:
      return task satisfies never
  }
}

process.on('message', (task: Task) => {
  work(task).then(
    (reply) => process.send?.(reply),
    (error: unknown) => process.send?.({ kind: 'failed', why: String(error) } satisfies Reply),
  )
})
process.on('disconnect', () => process.exit(0))
