/** What is in flight has one owner: a change is never taken for the end of all work. DESIGN §3. */
import * as fc from 'fast-check'
import tap from 'tap'
import { PROTOCOLS } from '../../src/words.ts'
import { InFlight } from '../../src/proxy/relay/in-flight.ts'
import { holds } from '../fixtures/property.ts'

void tap.test('only an exit reports that nothing is in flight', async (t) => {
  let reports = 0
  const counts = new Float64Array(PROTOCOLS.length)
  const inFlight = new InFlight(counts, () => (reports += 1))
  inFlight.enter('http1')
  inFlight.change('http1', 'websocket')
  inFlight.change('websocket', 'tunnel')
  t.equal(reports, 0)
  t.equal(inFlight.total, 1)
  inFlight.exit('tunnel')
  t.equal(reports, 1)
  t.same([...counts], [0, 0, 0, 0, 0, 0])
})

void tap.test('whatever comes and goes', async (t) => {
  const protocol = fc.constantFrom(...PROTOCOLS)
  const step = fc.record({ kind: fc.constantFrom('enter', 'change', 'exit'), protocol, pick: fc.nat() })
  holds(
    t,
    'the sum is what is there, and quiet is reported when the last one leaves',
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      let reports = 0
      let expected = 0
      const counts = new Float64Array(PROTOCOLS.length)
      const inFlight = new InFlight(counts, () => (reports += 1))
      const there: (typeof PROTOCOLS)[number][] = []
      for (const { kind, protocol: to, pick } of steps) {
        const at = pick % Math.max(1, there.length)
        if (kind === 'enter') {
          inFlight.enter(to)
          there.push(to)
        } else if (there.length > 0 && kind === 'change') {
          inFlight.change(there[at]!, to)
          there[at] = to
        } else if (there.length > 0) {
          inFlight.exit(there.splice(at, 1)[0]!)
          if (there.length === 0) expected += 1
        }
        if (inFlight.total !== there.length || reports !== expected) return false
        if (PROTOCOLS.some((name, i) => counts[i] !== there.filter((one) => one === name).length))
          return false
      }
      return true
    }),
  )
})
