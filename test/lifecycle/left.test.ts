/** How long a stop still has: what the metric lastcall_drain_left_seconds tells. DESIGN §3, "One deadline". */
import tap from 'tap'
import { begun, leftMs, told } from '../../src/proxy/lifecycle/drain.ts'
import type { Drain, Event, State } from '../../src/proxy/lifecycle/state.ts'
import { budgetOf } from '../fixtures/world.ts'

/** A grace period of 30 s: what is left is cut at 29 s. */
const budget = budgetOf()
const SIGNAL: Event = { kind: 'signal', name: 'SIGTERM' }
const SIDECAR: Event = { kind: 'hook', who: 'sidecar', from: '10.0.0.1' }
const APP: Event = { kind: 'hook', who: 'app', from: '10.0.0.1' }

function draining(drain: Drain): State {
  return { phase: 'draining', budget, since: 0, drain, closing: false }
}

void tap.test('all of it, while no stop is proven', async (t) => {
  t.equal(leftMs({ phase: 'serving', budget, appUp: true }, 99_000), 29_000)
  t.equal(leftMs(draining(begun({ kind: 'drain' }, true, 0, budget)), 20_000), 29_000, "an operator's drain")
  t.equal(leftMs(draining(begun(APP, true, 0, budget)), 20_000), 29_000, 'the app alone: nothing is cut')
})

void tap.test('it runs from the first trigger, by whichever proof', async (t) => {
  for (const proof of [SIGNAL, SIDECAR]) {
    t.equal(leftMs(draining(begun(proof, true, 0, budget)), 20_000), 9000)
    t.equal(leftMs(draining(begun(proof, true, 0, budget)), 60_000), 0, 'never below 0')
    const late = told(begun(APP, true, 0, budget), proof, 10_000, budget)
    t.equal(leftMs(draining(late), 20_000), 9000)
  }
})

void tap.test("a signal that comes late leaves the kubelet's 2 s, less our own reserve", async (t) => {
  const gone = { ...begun(SIDECAR, true, 0, budget), app: 'gone' } as const
  const late = told(gone, SIGNAL, 29_500, budget)
  t.equal(leftMs(draining(late), 30_000), 500)
})

void tap.test('nothing once it is over', async (t) => {
  t.equal(leftMs({ phase: 'exited', budget, code: 1 }, 0), 0)
})
