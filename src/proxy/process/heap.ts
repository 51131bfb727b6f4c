/** Sets V8's heap for a program that runs for long and keeps little; V8's defaults suit one that computes. */

import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation at its initial size, which is enough for what each connection allocates. By default it
 * grows 16-fold while many clients come and go, and does not shrink under load: twice the resident memory, for a few
 * hundredths of the CPU time at most (bench/README.md). V8 reads the factor each time it is about to grow, so it can be
 * set while the program runs. But V8 only takes compiled code from a cache if its flags have not changed, so this is
 * called after the start.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
