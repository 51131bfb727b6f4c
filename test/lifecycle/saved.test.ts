/** What of the saved requests is told, and when: a counter that may not fall, and stops that were none. */
import * as fc from 'fast-check'
import tap from 'tap'
import { begun, evident } from '../../src/proxy/lifecycle/drain.ts'
import { NONE_SAVED, type Saved, SavedRequests } from '../../src/proxy/lifecycle/saved.ts'
import type { Drain, Event } from '../../src/proxy/lifecycle/state.ts'
import { holds } from '../fixtures/property.ts'
import { budgetOf } from '../fixtures/world.ts'

/** A drain that begins with this event. */
function of(event: Event): Drain {
  return begun(event, true, 0, budgetOf())
}

/** A book, and the relay's count by hand. */
function book(): { book: SavedRequests; serve: (inFlight: number, arrived: number) => void } {
  let counted: Saved = NONE_SAVED
  return {
    book: new SavedRequests(() => counted),
    serve: (inFlight, arrived) =>
      void (counted = { inFlight: counted.inFlight + inFlight, arrived: counted.arrived + arrived }),
  }
}

void tap.test('a proven stop is told while it lasts, and stays told', async (t) => {
  const { book: saved, serve } = book()
  saved.open()
  saved.evident()
  serve(2, 5)
  t.same(saved.current, { inFlight: 2, arrived: 5 })
  t.same(saved.total, { inFlight: 2, arrived: 5 })
  saved.open()
  t.same(saved.current, NONE_SAVED, 'the next drain begins at nothing')
  t.same(saved.total, { inFlight: 2, arrived: 5 })
})

void tap.test('without evidence of a stop nothing is counted; with it, everything is', async (t) => {
  const { book: saved, serve } = book()
  saved.open()
  serve(2, 5)
  t.same(saved.total, NONE_SAVED)
  t.same(saved.current, { inFlight: 2, arrived: 5 })
  saved.evident()
  t.same(saved.total, { inFlight: 2, arrived: 5 })
})

void tap.test('what a false alarm has counted is never told, not even by the next stop', async (t) => {
  const { book: saved, serve } = book()
  saved.open()
  serve(2, 5)
  saved.discard()
  t.same(saved.current, NONE_SAVED)
  saved.open()
  saved.evident()
  serve(1, 1)
  t.same(saved.current, { inFlight: 1, arrived: 1 })
  t.same(saved.total, { inFlight: 1, arrived: 1 })
})

void tap.test('evidence is a signal, the hook of the sidecar, or the end of the app', async (t) => {
  const [app, sidecar] = (['app', 'sidecar'] as const).map((who) =>
    of({ kind: 'hook', who, from: '10.0.0.1' }),
  )
  t.ok(evident(of({ kind: 'signal', name: 'SIGTERM' })))
  t.ok(evident(sidecar!))
  t.notOk(evident(app!))
  t.notOk(evident(of({ kind: 'drain' })))
  t.ok(evident({ ...app!, app: 'gone' }))
  t.ok(evident({ ...app!, app: 'back' }))
})

void tap.test('whatever happens', async (t) => {
  const step = fc.oneof(
    fc.record({ serve: fc.nat({ max: 9 }) }),
    fc.constantFrom('open', 'evident', 'discard'),
  )
  holds(
    t,
    'the total never falls, and never exceeds what was counted',
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { book: saved, serve } = book()
      let counted = 0
      let before = 0
      return steps.every((what) => {
        if (typeof what === 'string') saved[what]()
        else {
          serve(0, what.serve)
          counted += what.serve
        }
        const { arrived } = saved.total
        const fine = arrived >= before && arrived <= counted
        before = arrived
        return fine
      })
    }),
  )
})
