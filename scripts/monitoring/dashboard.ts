/** The dashboard of Grafana as JSON: panels.ts laid out on Grafana's grid of 24 columns. */
import { type Panel, type Row, ROWS } from './panels.ts'
import { series } from './promql.ts'

/** The version of the format of Grafana 10; newer ones convert it. */
const SCHEMA_VERSION = 39
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const COLUMNS = 24
const SIZES = { number: { w: 4, h: 4 }, lines: { w: 12, h: 8 }, stacked: { w: 12, h: 8 } } as const

/** The file: for Grafana's import, or for its provisioning. */
export function dashboard(): string {
  return `${JSON.stringify(
    {
      uid: 'lastcall',
      title: 'lastcall',
      description: 'Drains of pods, and what they saved. Made by `npm run docs` of lastcall.',
      tags: ['lastcall'],
      schemaVersion: SCHEMA_VERSION,
      version: 1,
      editable: true,
      graphTooltip: 1,
      refresh: '10s',
      time: { from: 'now-1h', to: 'now' },
      timezone: 'browser',
      annotations: { list: [] },
      links: [],
      templating: { list: variables() },
      panels: laidOut(ROWS),
    },
    null,
    2,
  )}\n`
}

/** A variable with the values that a query finds; several can be chosen, at first all. */
function chosen(name: string, label: string, query: string): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: name },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    hide: 0,
  }
}

function variables(): object[] {
  return [
    {
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'prometheus',
      hide: 0,
    },
    chosen('namespace', 'Namespace', `label_values(${series('lastcall_phase')}, namespace)`),
    chosen('pod', 'Pod', `label_values(${series('lastcall_phase', {}, 'namespace=~"$namespace"')}, pod)`),
  ]
}

/** From left to right, and the next line where one is full. */
function laidOut(rows: readonly Row[]): object[] {
  let id = 0
  let y = 0
  return rows.flatMap(({ title, panels }) => {
    const row = {
      id: (id += 1),
      type: 'row',
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    }
    y += 1
    let x = 0
    let lineHeight = 0
    const placed = panels.map((panel) => {
      const { w, h } = SIZES[panel.kind]
      if (x + w > COLUMNS || (lineHeight !== 0 && lineHeight !== h)) {
        y += lineHeight
        x = 0
      }
      lineHeight = h
      const made = { id: (id += 1), ...panelOf(panel), gridPos: { x, y, w, h } }
      x += w
      return made
    })
    y += lineHeight
    return [row, ...placed]
  })
}

function panelOf({ title, about, kind, unit, queries, bad = false }: Panel): object {
  const targets = queries.map(({ expr, legend }, index) => ({
    refId: String.fromCodePoint(65 + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend,
    ...(kind === 'number' && { instant: true }),
  }))
  const common = { title, description: about, datasource: DATASOURCE, targets }
  if (kind === 'number') {
    const steps = [{ color: 'green', value: null }, ...(bad ? [{ color: 'red', value: 0.5 }] : [])]
    return {
      ...common,
      type: 'stat',
      fieldConfig: {
        defaults: { unit, decimals: 0, thresholds: { mode: 'absolute', steps } },
        overrides: [],
      },
      options: { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value' },
    }
  }
  const stacking = { mode: kind === 'stacked' ? 'normal' : 'none', group: 'A' }
  return {
    ...common,
    type: 'timeseries',
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        custom: { fillOpacity: kind === 'stacked' ? 30 : 0, stacking, showPoints: 'never' },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'list', placement: 'bottom' },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}
