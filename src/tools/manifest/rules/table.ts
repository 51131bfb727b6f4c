/** THE TABLE of rules of `lastcall check`. The page docs/rules.md is made from it. */
import type { Rule } from '../rule.ts'
import { AROUND_RULES } from './around.ts'
import { BALANCER_RULES } from './balancers.ts'
import { COMMAND_RULES } from './commands.ts'
import { HOOK_RULES } from './hooks.ts'
import { POD_RULES } from './pods.ts'
import { PORT_RULES } from './ports.ts'
import { READINESS_RULES } from './readiness.ts'
import { ROLLOUT_RULES } from './rollouts.ts'
import { SERVICE_RULES } from './services.ts'
import { TIME_RULES } from './times.ts'

export interface RuleGroup {
  readonly title: string
  readonly rules: readonly Rule[]
}

export const RULE_GROUPS: readonly RuleGroup[] = [
  { title: 'Hooks', rules: HOOK_RULES },
  { title: 'Commands', rules: COMMAND_RULES },
  { title: 'Times', rules: TIME_RULES },
  { title: 'Readiness', rules: READINESS_RULES },
  { title: 'Ports', rules: PORT_RULES },
  { title: 'Services', rules: SERVICE_RULES },
  { title: 'Policies, routes and monitors', rules: AROUND_RULES },
  { title: 'Rollouts', rules: ROLLOUT_RULES },
  { title: 'Load balancers', rules: BALANCER_RULES },
  { title: 'Pods', rules: POD_RULES },
]

export const RULES: readonly Rule[] = RULE_GROUPS.flatMap(({ rules }) => rules)
