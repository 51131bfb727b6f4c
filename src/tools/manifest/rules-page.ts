/** docs/rules.md, made from the table of rules. Pure. */
import { IGNORE } from './ignore.ts'
import { LONGEST_REQUEST } from './plan.ts'
import { RULE_GROUPS, RULES } from './rules/table.ts'

/** The whole page. */
export function rulesPage(): string {
  const errors = RULES.filter(({ severity }) => severity === 'error').length
  const parts = [
    '# What lastcall check finds\n\n<!-- Made by npm run docs from src/tools/manifest/rules: change it there. -->',
    `\`lastcall check FILE\` checks manifests, with or without lastcall, against ${RULES.length} rules. ` +
      `${errors} of them are errors (requests are lost, or the drain does not work), with exit code 1; the others are warnings. ` +
      'It sees only its input: give it the Services, the PodDisruptionBudget and the autoscaler together with the workload.\n\n' +
      '`--only RULE,RULE` and `--ignore RULE,RULE` choose rules, `--fail-on warning` makes warnings fail, and ' +
      '`--explain RULE` prints the text of this page.\n\n' +
      `The annotation \`${IGNORE}: RULE,RULE\` silences rules for one object. The annotation ` +
      `\`${LONGEST_REQUEST}: 90s\` of a pod states how long its longest request takes.\n\n` +
      'For each rule, `k8s/broken/` has a manifest that breaks it.',
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
