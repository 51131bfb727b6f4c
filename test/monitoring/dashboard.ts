/** The dashboard of k8s/monitoring, read back, and the queries of its panels. */
import { readFileSync } from 'node:fs'

interface Target {
  readonly refId: string
  readonly expr: string
}

interface DashboardPanel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly targets?: readonly Target[]
}

interface Dashboard {
  readonly schemaVersion: number
  readonly templating: { readonly list: readonly { readonly name: string }[] }
  readonly panels: readonly DashboardPanel[]
}

const FILE = new URL('../../k8s/monitoring/dashboard.json', import.meta.url)

export const dashboard = JSON.parse(readFileSync(FILE, 'utf8')) as Dashboard

/** Each query with the title of its panel. */
export const queries: readonly { readonly panel: string; readonly expr: string }[] = dashboard.panels.flatMap(
  ({ title, targets = [] }) => targets.map(({ expr }) => ({ panel: title, expr })),
)
