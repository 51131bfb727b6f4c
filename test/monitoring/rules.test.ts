/** The rules of k8s/monitoring by promtool: they are valid, and each alert fires when it should and clears again. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import tap from 'tap'
import { parse, stringify } from 'yaml'
import { alerts, TIMING } from '../../scripts/monitoring/rules.ts'
import { folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { type AlertCase, CASES } from './cases.ts'

const RULES = fileURLToPath(new URL('../../k8s/monitoring/rules.yaml', import.meta.url))
const promtool = installed('promtool')
const skip = missing(promtool, 'prometheus')
const run = promisify(execFile)
const TARGET = { namespace: 'shop', pod: 'web-1' }

interface Rule {
  readonly alert?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}
const file = parse(readFileSync(RULES, 'utf8')) as { groups: { name: string; rules: Rule[] }[] }
const rules = file.groups.flatMap((group) => group.rules)

void tap.test('promtool takes the rules', { skip }, async (t) => {
  const { stdout } = await run(promtool!, ['check', 'rules', RULES])
  t.match(stdout, `SUCCESS: ${rules.length} rules found`)
})

void tap.test('PrometheusRule and rules file say the same', async (t) => {
  const object = parse(readFileSync(RULES.replace('rules.yaml', 'prometheus-rule.yaml'), 'utf8')) as object
  t.match(object, { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' })
  t.same((object as { spec: unknown }).spec, file)
})

void tap.test('each alert is seen to fire, and not to fire before and after that', async (t) => {
  for (const { alert } of alerts(TIMING)) {
    const expects = CASES.filter((one) => one.alert === alert).flatMap((one) => one.expects)
    t.ok(
      expects.some(({ fires }) => fires !== undefined) && expects.some(({ fires }) => fires === undefined),
      alert,
    )
  }
})

for (const one of CASES)
  void tap.test(`${one.alert}: ${one.what}`, { skip }, async (t) => {
    const path = join(folder(t), 'test.yaml')
    writeFileSync(path, stringify(unitTest(one)))
    const { stdout } = await run(promtool!, ['test', 'rules', path]).catch(
      (error: { stdout: string; stderr: string }) => {
        t.fail(`${error.stdout}${error.stderr}`)
        return error
      },
    )
    t.match(stdout, 'SUCCESS')
  })

/** A case in the format of promtool. */
function unitTest({ alert, lives, expects }: AlertCase): object {
  const rule = rules.find((found) => found.alert === alert)!
  return {
    rule_files: [RULES],
    evaluation_interval: `${TIMING.scrape}s`,
    tests: [
      {
        interval: `${TIMING.scrape}s`,
        input_series: Object.entries(lives).map(([name, values]) => ({ series: ofTarget(name), values })),
        alert_rule_test: expects.map(({ at, fires }) => ({
          eval_time: `${at}s`,
          alertname: alert,
          exp_alerts:
            fires === undefined
              ? []
              : [
                  {
                    exp_labels: { ...TARGET, ...rule.labels, ...fires.labels },
                    exp_annotations: {
                      description: rule.annotations['description'],
                      summary: filledIn(rule.annotations['summary']!, fires.value, fires.labels ?? {}),
                    },
                  },
                ],
        })),
      },
    ],
  }
}

/** `lastcall_phase{phase="serving"}` of the one pod there is. */
function ofTarget(name: string): string {
  const [metric = '', labels = ''] = name.replace('}', '').split('{')
  const target = Object.entries(TARGET).map(([label, value]) => `${label}="${value}"`)
  return `${metric}{${[...target, labels].filter(Boolean).join(',')}}`
}

/** As Prometheus fills in the template. */
function filledIn(template: string, value: string, labels: Readonly<Record<string, string>>): string {
  const known: Readonly<Record<string, string>> = { ...TARGET, ...labels }
  return template
    .replace(
      /\{\{ with \$labels\.port \}\}(.*?)\{\{ \. \}\}(.*?)\{\{ end \}\}/,
      (_, before: string, after: string) =>
        known['port'] === undefined ? '' : `${before}${known['port']}${after}`,
    )
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, value)
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => known[label]!)
}
