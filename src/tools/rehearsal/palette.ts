/**
 * The colours of the timeline and what they mean, for light and for dark pages. Pure data, and its style sheet: the
 * drawing itself only names classes.
 */

import type { RequestOutcome } from './timeline.ts'

export interface Colour {
  readonly light: string
  readonly dark: string
}

const INK: Colour = { light: '#24292f', dark: '#e6edf3' }
const PALE: Colour = { light: '#57606a', dark: '#9198a1' }
const GRID: Colour = { light: '#d8dee4', dark: '#30363d' }
const OTHER: Colour = { light: '#eaeef2', dark: '#2a313a' }
const FINE: Colour = { light: '#dafbe1', dark: '#1c4428' }
const ENDING: Colour = { light: '#d0d7de', dark: '#4a525c' }

/** Each outcome of a request with its colour and its meaning, in the order of the legend. */
export const OUTCOMES: { readonly [O in RequestOutcome]: Colour & { readonly says: string } } = {
  answered: { light: '#54aeff', dark: '#4493f8', says: 'answered' },
  crossed: { light: '#12908e', dark: '#39d0c4', says: 'in flight at the deletion, answered' },
  late: { light: '#0550ae', dark: '#a5d6ff', says: 'answered, on a connection opened after the deletion' },
  failed: { light: '#cf222e', dark: '#ff7b72', says: 'failed' },
}

/** What a lane can show. One without a meaning of its own is explained by its name, or by its twin. */
const STATES: Readonly<Record<string, Colour & { readonly says?: string }>> = {
  listed: { ...FINE },
  ready: { ...FINE },
  'not ready': { ...ENDING },
  running: { ...FINE, says: 'running, serving' },
  'preStop hook': { light: '#aceebb', dark: '#2d6a3e', says: 'preStop hook' },
  stopping: { ...ENDING, says: 'stopping, not ready' },
  starting: { ...OTHER },
  serving: { ...FINE },
  settling: { light: '#fff1b8', dark: '#6b5a14', says: 'settling' },
  'lame-duck': { light: '#ffd8a8', dark: '#7d4a12', says: 'lame-duck' },
  draining: { light: '#e0cffc', dark: '#553b85', says: 'draining' },
  drained: { light: '#c5d9f7', dark: '#274b80', says: 'drained' },
  propagating: { light: '#ffd7d5', dark: '#5d2b2e', says: 'deletion propagating' },
  exiting: { ...ENDING },
  exited: { ...ENDING },
  terminating: { ...ENDING },
}

/** The states that the legend explains. */
export const LEGEND: readonly (readonly [what: string, says: string])[] = Object.entries(STATES).flatMap(
  ([what, { says }]) => (says === undefined ? [] : [[what, says] as const]),
)

/** The class of a state. */
export function stateClass(what: string): string {
  return Object.hasOwn(STATES, what) ? `s-${what.toLowerCase().replaceAll(' ', '-')}` : 's-other'
}

/** Rules for everything that the drawing names, in one scheme. */
export function paint(scheme: keyof Colour): string {
  const fill = (name: string, colour: Colour) => `.${name}{fill:${colour[scheme]}}`
  const stroke = (name: string, colour: Colour) => `.${name}{stroke:${colour[scheme]}}`
  return [
    fill('ink', INK),
    fill('pale', PALE),
    stroke('grid', GRID),
    stroke('zero', INK),
    stroke('gone', PALE),
    fill('hook', { light: '#1a7f37', dark: '#3fb950' }),
    `.mark{fill:${INK[scheme]};stroke:${INK[scheme]}}`,
    `.cross{fill:none;stroke:${OUTCOMES.failed[scheme]};stroke-width:1.8}`,
    `.kill{fill:${OUTCOMES.failed[scheme]}}`,
    fill('s-other', OTHER),
    ...Object.entries(STATES).map(([what, colour]) => fill(stateClass(what), colour)),
    ...Object.entries(OUTCOMES).map(([outcome, colour]) => `.${outcome} rect{fill:${colour[scheme]}}`),
  ].join('\n')
}
