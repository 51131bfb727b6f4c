/** What is in flight has one owner: a change is never taken for the end of all work. DESIGN §3. */
import * as fc from 'fast-check'
import tap from 'tap'
import { PROTOCOLS } from '../../src/words.ts'
import { InFlight, AllInFlight } from '../../src/proxy/relay/in-flight.ts'
import { holds } from '../fixtures/property.ts'

void tap.test('only an exit reports that nothing is in flight', async (t) => {
  let reports = 0
  const counts = new Float64Array(PROTOCOLS.length)
  const whole = new AllInFlight(() => (reports += 1))
  const inFlight = new InFlight(counts, whole)
  inFlight.enter('http1')
  inFlight.change('http1', 'websocket')
  inFlight.change('websocket', 'tunnel')
  t.equal(reports, 0)
  t.equal(whole.total, 1)
  inFlight.exit('tunnel')
  t.equal(reports, 1)
  t.same([...counts], [0, 0, 0, 0, 0, 0])
})

void tap.test('whatever comes and goes', async (t) => {
  const protocol = fc.constantFrom(...PROTOCOLS)
  const step = fc.record({
    kind: fc.constantFrom('enter', 'change', 'exit'),
    protocol,
    pick: fc.nat(),
    port: fc.nat({ max: 1 }),
  })
  holds(
    t,
    'the sum is what is there, and quiet is reported when the last one leaves',
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      let reports = 0
      let expected = 0
      const whole = new AllInFlight(() => (reports += 1))
      // Two ports: quiet is what both are together.
      const ports = [0, 1].map(() => {
        const counts = new Float64Array(PROTOCOLS.length)
        return { counts, inFlight: new InFlight(counts, whole) }
      })
      const there: { port: number; as: (typeof PROTOCOLS)[number] }[] = []
      for (const { kind, protocol: to, pick, port } of steps) {
        const at = pick % Math.max(1, there.length)
        if (kind === 'enter') {
          ports[port]!.inFlight.enter(to)
          there.push({ port, as: to })
        } else if (there.length > 0 && kind === 'change') {
          ports[there[at]!.port]!.inFlight.change(there[at]!.as, to)
          there[at]!.as = to
        } else if (there.length > 0) {
          const [one] = there.splice(at, 1)
          ports[one!.port]!.inFlight.exit(one!.as)
          if (there.length === 0) expected += 1
        }
        if (whole.total !== there.length || reports !== expected) return false
        const wrong = ports.some(({ counts }, index) =>
          PROTOCOLS.some(
            (name, i) => counts[i] !== there.filter((one) => one.port === index && one.as === name).length,
          ),
        )
        if (wrong) return false
      }
      return true
    }),
  )
})
