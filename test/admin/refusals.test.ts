/** Who is turned away from the admin port is counted always, and logged at most once a second (DESIGN §6). */
import tap from 'tap'
import { Refusals } from '../../src/admin/refusals.ts'

void tap.test('every refusal is counted, one line a second says how many went unsaid', async (t) => {
  const refusals = new Refusals()
  t.equal(refusals.count('token', 5000), 0, 'the first is said')
  for (let i = 1; i <= 100; i += 1) t.equal(refusals.count('address', 5000 + i), undefined)
  t.equal(refusals.count('token', 5999), undefined)
  t.equal(refusals.count('hooks', 6000), 101)
  t.equal(refusals.count('token', 60_000), 0)
  t.same(refusals.total, { token: 3, address: 100, hooks: 1 })
})
