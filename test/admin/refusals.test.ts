/** Who is turned away from the admin port is counted always, and logged at most once a second (DESIGN §6). */
import tap from 'tap'
import { Refusals } from '../../src/proxy/admin/refusals.ts'
import { LineLimit } from '../../src/proxy/process/once-a-second.ts'

void tap.test('every refusal is counted, one line a second says how many went unsaid', async (t) => {
  const refusals = new Refusals()
  t.equal(refusals.count('token', 5000), 0, 'the first is said')
  for (let i = 1; i <= 100; i += 1) t.equal(refusals.count('address', 5000 + i), undefined)
  t.equal(refusals.count('token', 5999), undefined)
  t.equal(refusals.count('hooks', 6000), 101)
  t.equal(refusals.count('token', 60_000), 0)
  t.same(refusals.total, { token: 3, address: 100, hooks: 1, 'foreign-page': 0 })
})

void tap.test('a bounded number of log lines a second, however many calls there are', async (t) => {
  const lines = new LineLimit(3)
  const said = Array.from({ length: 100 }, (_, i) => lines.admit(1000 + i)).filter(
    (unsaid) => unsaid !== undefined,
  )
  t.same(said, [0, 0, 0])
  t.equal(lines.admit(2000), 97)
  t.equal(lines.admit(2001), 0)
})
