/** V8's heap, for a program that lives long and keeps little: what V8 does by default suits one that computes. */

import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation at the size that it starts with, which is enough for what is made per connection. Left to
 * itself it grows 16-fold while many clients come and go, and never shrinks under load: twice the resident memory, for at
 * most some hundredths of the CPU (bench/README.md). V8 reads the factor each time it would grow, so that it can be set
 * in a running program; but it takes compiled code from a cache only while its flags are as they were, and so this is
 * called after the start.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
