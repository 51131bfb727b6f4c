/** The files of k8s/monitoring and the table of docs/monitoring.md, as texts. */
import { stringify } from 'yaml'
import { type Alert, alerts, duration, recordings, TIMING, type Timing } from './rules.ts'

const MADE = 'Made by `npm run docs` (scripts/monitoring); change it there.'

/** The rules for Prometheus itself; tests give another timing. */
export function rulesFile(timing: Timing = TIMING): string {
  return commented(
    [MADE, 'For Prometheus without the operator: name this file in `rule_files`.'],
    groups(timing),
  )
}

export function prometheusRule(): string {
  return commented(
    [MADE, "For the Prometheus operator. Give it the labels that your Prometheus' ruleSelector asks for."],
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'lastcall', labels: { 'app.kubernetes.io/name': 'lastcall' } },
      spec: groups(TIMING),
    },
  )
}

export function podMonitor(): string {
  return commented(
    [
      MADE,
      'For the Prometheus operator. It scrapes every pod with a container port named `lastcall`, until the pod has ended: a',
      'ServiceMonitor loses a pod when it leaves the endpoints, which is when its drain begins. Give it the labels that your',
      "Prometheus' podMonitorSelector asks for.",
    ],
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name: 'lastcall', labels: { 'app.kubernetes.io/name': 'lastcall' } },
      spec: {
        namespaceSelector: { any: true },
        selector: {},
        podMetricsEndpoints: [{ port: 'lastcall', path: '/metrics', interval: duration(TIMING.scrape) }],
      },
    },
  )
}

/** A patch of a workload, for Prometheus without the operator. */
export function podAnnotations(): string {
  return commented(
    [
      MADE,
      'For Prometheus without the operator, with the usual job that follows these annotations: a strategic merge patch of a',
      'Deployment. That job must set the labels `namespace` and `pod`, and should scrape every 5 s.',
      '',
      '  kubectl patch deployment web --patch-file k8s/monitoring/pod-annotations.yaml',
    ],
    {
      spec: {
        template: {
          metadata: {
            annotations: {
              'prometheus.io/scrape': 'true',
              'prometheus.io/port': '9099',
              'prometheus.io/path': '/metrics',
            },
          },
        },
      },
    },
  )
}

/** The rows of docs/monitoring.md. */
export function alertTable(): string {
  const rows = alerts(TIMING).map(
    ({ alert, severity, means, todo }) => `| **${alert}** (${severity}) | ${means} | ${todo} |`,
  )
  return ['| alert | what it means | what to do |', '|---|---|---|', ...rows].join('\n')
}

function groups(timing: Timing): object {
  return {
    groups: [
      {
        name: 'lastcall',
        rules: [...recordings(timing), ...alerts(timing).map(ruleOf)],
      },
    ],
  }
}

function ruleOf({ alert, severity, expr, for: lasts, summary, means, todo }: Alert): object {
  return {
    alert,
    expr,
    for: duration(lasts ?? 0),
    labels: { severity },
    annotations: { summary, description: plain(`${means} ${todo}`) },
  }
}

/** Without the links of Markdown. */
function plain(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
}

function commented(comment: readonly string[], value: object): string {
  const lines = comment.map((line) => `# ${line}`.trimEnd())
  return `${lines.join('\n')}\n${stringify(value, { lineWidth: 0, blockQuote: 'literal' })}`
}
