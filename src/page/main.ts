/**
 * The page on the admin port: takes the events in, and draws what they say. Between events only times move. Runs in the
 * browser; `npm run docs` puts it, page.html and page.css into one string, src/proxy/admin/page.ts.
 */
import type { LiveEvent, LiveParts } from '../proxy/admin/live.ts'
import { forgetBars, growBars, listRequests } from './bars.ts'
import { drawClock } from './clock.ts'
import { listen, offer } from './command.ts'
import { byId, mark, say } from './dom.ts'
import { type Link, openFeed } from './feed.ts'
import { drawDrains, drawPorts } from './lists.ts'
import { drawPicture, lightPicture } from './picture.ts'
import { facts, meaning } from './wording.ts'

const LINKS: Readonly<Record<Link, string>> = {
  connecting: 'connecting',
  live: 'live',
  lost: 'no connection, trying again',
  full: 'not let in (too many watch?), trying again',
  ended: 'ended',
}

const still = matchMedia('(prefers-reduced-motion: reduce)')
let parts: Partial<LiveParts> = {}
let link: Link = 'connecting'
/** This clock less that of the events: the least that was seen, as a message may come late but never early. */
let skew = Infinity

function took(event: LiveEvent): void {
  skew = Math.min(skew, performance.now() - event.now)
  const before = parts
  parts = { ...parts, ...event }
  // The end of a drain has no deadlines any more; the picture of how it went keeps them.
  if (parts.phase?.name === 'exited' && parts.drain && before.drain)
    parts = { ...parts, drain: { ...parts.drain, clockAt: before.drain.clockAt } }
  for (const [name, draw] of Object.entries(DRAW)) if (name in event) draw()
  animate()
}

/** What is drawn anew when a part has come. */
const DRAW: { readonly [Part in keyof LiveParts]?: () => void } = {
  phase() {
    const { name } = parts.phase!
    say(byId('phase'), name === 'lame-duck' ? 'Lame duck' : name[0]!.toUpperCase() + name.slice(1))
    mark(document.documentElement, 'phase', name)
    document.title = `${name} · lastcall`
    lightPicture(name)
    drawOffer()
    drawMeaning()
    drawHealth()
  },
  drain: () => drawSaved(),
  terms() {
    say(byId('where'), `${location.host} · ${parts.terms!.version}`)
    drawOffer()
  },
  inFlight() {
    say(byId('total'), String(parts.inFlight!.total))
    drawList()
  },
  requests: () => drawList(),
  connections() {
    say(byId('clients'), String(parts.connections!.client))
    say(byId('apps'), String(parts.connections!.app))
  },
  health() {
    drawHealth()
    drawMeaning()
  },
  saved: () => drawSaved(),
  ports: () => drawPorts(parts.ports!),
  verdicts: () => drawDrains(parts.verdicts!),
}

function drawList(): void {
  if (parts.requests !== undefined && parts.inFlight !== undefined)
    listRequests(parts.requests, parts.inFlight)
}

/** Only the kubelet's call begins what can be saved: an operator's drain stops nothing. */
function drawSaved(): void {
  const { drain = null, saved } = parts
  byId('saved-figure').hidden = drain === null || drain.clockAt === null
  if (saved !== undefined) say(byId('saved'), String(saved.inFlight + saved.arrived))
}

/** At the end the app was to go. */
function drawHealth(): void {
  if (parts.health === undefined) return
  const { up, kind, lastError } = parts.health
  const gone = !up && ['exiting', 'exited'].includes(parts.phase?.name ?? '')
  const element = byId('app')
  say(element, up ? 'healthy' : gone ? 'gone' : 'down')
  mark(element, 'tone', up ? 'good' : gone ? undefined : 'bad')
  element.title = [kind, lastError].filter(Boolean).join(': ')
}

function drawMeaning(): void {
  const { phase, health } = parts
  if (phase !== undefined) say(byId('meaning'), meaning(phase, health?.up ?? true))
}

function drawOffer(): void {
  offer(link === 'live' ? parts.phase : undefined, parts.terms?.guarded ?? false)
}

/** What moves with time. */
function drawTimes(): void {
  const { phase, terms, drain = null } = parts
  if (phase === undefined || terms === undefined) return
  const now = performance.now() - skew
  say(byId('facts'), facts(phase, now - phase.since))
  const frozen = phase.name === 'exited' ? phase.since : now
  drawClock(terms, drain, phase.name, frozen)
  drawPicture(phase, drain, frozen)
  growBars(now, !still.matches)
}

let timer: ReturnType<typeof setTimeout> | undefined
let frame: number | undefined

/** Smoothly while bars grow or a drain runs; otherwise, or if motion is not wanted, now and then. */
function animate(): void {
  clearTimeout(timer)
  if (frame !== undefined) cancelAnimationFrame(frame)
  drawTimes()
  if (link !== 'live') return
  const moves = (parts.requests?.length ?? 0) > 0 || (parts.drain ?? null) !== null
  if (moves && !still.matches) frame = requestAnimationFrame(animate)
  else timer = setTimeout(animate, 500)
}

listen()
openFeed('status', {
  began() {
    parts = {}
    skew = Infinity
    forgetBars()
  },
  event: took,
  link(now) {
    link = now
    say(byId('link'), LINKS[now])
    mark(byId('link'), 'link', now)
    drawOffer()
    animate()
  },
})
