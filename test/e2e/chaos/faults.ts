/** All faults, in the order in which they are tried. */
import { APP_FAULTS } from './app.ts'
import { scaledDown } from './autoscaler.ts'
import { CLUSTER_FAULTS } from './cluster.ts'
import type { Fault } from './fault.ts'
import { LASTCALL_FAULTS } from './lastcall.ts'
import { preemption } from './preemption.ts'
import { ROLLOUT_FAULTS } from './rollouts.ts'
import { STOP_FAULTS } from './stops.ts'
import { NODE_FAULTS } from './strain.ts'

export const FAULTS: readonly Fault[] = [
  ...APP_FAULTS,
  ...LASTCALL_FAULTS,
  ...STOP_FAULTS,
  preemption,
  ...CLUSTER_FAULTS,
  ...NODE_FAULTS,
  ...ROLLOUT_FAULTS,
  scaledDown,
]
