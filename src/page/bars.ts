/** Draws what is in flight: a bar a request, which grows with its age, and as many more as there are. */
import type { LiveParts, LiveRequest } from '../proxy/admin/live.ts'
import { byId, make, mark, resize, say } from './dom.ts'
import { axisEnd, duration, setting } from './wording.ts'

interface Row {
  readonly item: HTMLElement
  readonly bar: HTMLElement
  readonly age: HTMLElement
  readonly beganAt: number
}

const list = byId('bars')
const more = byId('more')
const kinds = byId('kinds')
const axis = byId('axis')
const scaleText = byId('scale')
const rows = new Map<string, Row>()
/** What the whole width stands for; glides to what it should be. */
let scale = 10_000

/** The requests that are listed have changed, or how many there are. */
export function listRequests(requests: readonly LiveRequest[], inFlight: LiveParts['inFlight']): void {
  const present = new Set<string>()
  for (const request of requests) {
    const key = keyOf(request, present)
    present.add(key)
    if (!rows.has(key)) rows.set(key, rowOf(request))
  }
  for (const [key, row] of rows) if (!present.has(key)) leave(key, row)

  const others = inFlight.total - requests.length
  const none = inFlight.total === 0 ? 'Nothing.' : ''
  const rest = requests.length === 0 ? `${others}, none for longer than a moment.` : `and ${others} more`
  say(more, others > 0 ? rest : none)
  const counts = Object.entries(inFlight).filter(([kind, count]) => kind !== 'total' && count > 0)
  const items = resize(kinds, counts.length, 'li')
  counts.forEach(([kind, count], i) => {
    mark(items[i]!, 'protocol', kind)
    say(items[i]!, `${kind} ${count}`)
  })
}

/** The ages at this time. `glides`: the scale may move slowly. */
export function growBars(now: number, glides: boolean): void {
  let oldest = 0
  for (const { beganAt } of rows.values()) oldest = Math.max(oldest, now - beganAt)
  const target = axisEnd(oldest)
  scale = glides && Math.abs(target - scale) > target / 100 ? scale + (target - scale) / 8 : target
  axis.hidden = rows.size === 0
  say(scaleText, setting(target))
  for (const { bar, age, beganAt } of rows.values()) {
    const ageMs = Math.max(0, now - beganAt)
    bar.style.transform = `scaleX(${Math.min(1, ageMs / scale).toFixed(4)})`
    say(age, duration(ageMs))
  }
}

export function forgetBars(): void {
  rows.clear()
  list.replaceChildren()
}

/** Two streams of one HTTP/2 connection may be alike. */
function keyOf(
  { protocol, beganAt, client, method, target }: LiveRequest,
  taken: ReadonlySet<string>,
): string {
  const key = [protocol, beganAt, client, method, target].join(' ')
  let unique = key
  for (let i = 2; taken.has(unique); i += 1) unique = `${key} ${i}`
  return unique
}

function rowOf({ protocol, client, method, target, beganAt }: LiveRequest): Row {
  const item = make('li')
  mark(item, 'protocol', protocol)
  const bar = make('i')
  const name = [method, target].filter((part) => part !== undefined).join(' ')
  const label = make('b', name === '' ? protocol : name)
  label.title = label.textContent
  const age = make('span')
  item.append(bar, label, make('em', client), age)
  list.append(item)
  return { item, bar, age, beganAt }
}

/** It fades; a list that is replaced every moment is kept from growing. */
function leave(key: string, { item }: Row): void {
  rows.delete(key)
  mark(item, 'gone', '')
  if (list.children.length > 3 * rows.size + 12) item.remove()
  else setTimeout(() => item.remove(), 600)
}
