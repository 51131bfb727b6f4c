/** All scenarios, in the order in which they are run. */

import { bodies } from './bodies.ts'
import { cost } from './cost.ts'
import { drain } from './drain.ts'
import { fresh } from './fresh.ts'
import { hostile } from './hostile.ts'
import { idle } from './idle.ts'
import { image } from './image.ts'
import { latency } from './latency.ts'
import { grpc, http2, webSocket } from './protocols.ts'
import type { Scenario } from './scenario.ts'
import { start } from './start.ts'

export const SCENARIOS: readonly Scenario[] = [
  latency,
  cost,
  fresh,
  bodies,
  idle,
  hostile,
  start,
  image,
  drain,
  webSocket,
  http2,
  grpc,
]
