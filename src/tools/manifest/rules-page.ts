/** docs/rules.md, made from the table of rules. Pure. */
import { IGNORE } from './ignore.ts'
import { LONGEST_REQUEST } from './plan.ts'
import { RULE_GROUPS, RULES } from './rules/table.ts'

/** The whole page. */
export function rulesPage(): string {
  const errors = RULES.filter(({ severity }) => severity === 'error').length
  const parts = [
    '# What lastcall check finds\n\n<!-- Made by npm run docs from src/tools/manifest/rules: change it there. -->',
    `\`lastcall check FILE\` judges manifests, with lastcall in them or without, by ${RULES.length} rules. Of those, ` +
      `${errors} are errors (requests are lost, or the drain does not work) and make it exit 1; the others are warnings. ` +
      'It sees only what it is given: give it the Services, the PodDisruptionBudget and the autoscaler together with the workload.\n\n' +
      '`--only RULE,RULE` and `--ignore RULE,RULE` choose rules, `--fail-on warning` makes warnings fail, and ' +
      '`--explain RULE` prints what stands here.\n\n' +
      `An object says itself what is not to be told of it: the annotation \`${IGNORE}: RULE,RULE\`. The annotation ` +
      `\`${LONGEST_REQUEST}: 90s\` of a pod says how long its longest request takes.\n\n` +
      'For each rule there is a manifest that breaks it in `k8s/broken/`.',
  ]
  for (const { title, rules } of RULE_GROUPS) {
    parts.push(`## ${title}`)
    for (const rule of rules)
      parts.push(
        `### ${rule.id}\n\n**${rule.title}** (${rule.severity}; [example](../k8s/broken/${rule.id}.yaml))\n\n` +
          `*What happens to requests:* ${rule.requests}\n\n*Fix:* ${rule.fix}`,
      )
  }
  return `${parts.join('\n\n')}\n`
}
