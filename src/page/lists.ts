/** Draws the ports, where there are several, and how the last drains ended. */
import type { LiveParts, LiveVerdict } from '../proxy/admin/live.ts'
import { byId, make, mark, resize, say } from './dom.ts'

const portsSection = byId('ports-section')
const portRows = byId('ports')
const drains = byId('drains')
const noDrains = byId('no-drains')

export function drawPorts(ports: LiveParts['ports']): void {
  portsSection.hidden = ports.length === 0
  const rows = resize(portRows, ports.length, 'tr')
  ports.forEach(({ port, app, inFlight, connections, health }, i) => {
    const cells = resize(rows[i]!, 5, 'td')
    const state = health.up ? 'healthy' : ['down', health.lastError].filter(Boolean).join(': ')
    const texts = [port, app, String(inFlight), String(connections.client), state]
    texts.forEach((text, cell) => say(cells[cell]!, text))
    mark(cells[4]!, 'tone', health.up ? undefined : 'bad')
  })
}

export function drawDrains(verdicts: LiveParts['verdicts']): void {
  noDrains.hidden = verdicts.length > 0
  drains.replaceChildren(...verdicts.map(drainItem))
}

function drainItem({ endedAt, phasesMs, drainMs, cut, finished, saved, text }: LiveVerdict): HTMLElement {
  const item = make('li')
  const ended = new Date(endedAt)
  const time = make('time', ended.toLocaleTimeString())
  time.dateTime = ended.toISOString()
  const savedTotal = saved.inFlight + saved.arrived
  const figure = make('b', `${savedTotal > 0 ? `${savedTotal} saved` : `${finished} finished`}, ${cut} cut`)
  if (cut > 0) mark(figure, 'tone', 'bad')
  const bar = make('div')
  for (const [phase, ms = 0] of Object.entries(phasesMs)) {
    const piece = make('i')
    mark(piece, 'phase', phase)
    piece.title = phase
    piece.style.width = `${(100 * ms) / Math.max(1, drainMs)}%`
    bar.append(piece)
  }
  item.append(time, figure, bar, make('p', text))
  return item
}
