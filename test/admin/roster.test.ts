/** Which connection of the admin server makes room for a newcomer (DESIGN §6: a probe or a hook is never refused). */
import tap from 'tap'
import { Roster } from '../../src/proxy/admin/roster.ts'

function fake(name: string, gone: string[]) {
  return { name, destroy: () => gone.push(name) }
}

void tap.test('the newcomer gets in and the one that was quiet the longest leaves', async (t) => {
  const gone: string[] = []
  const roster = new Roster<ReturnType<typeof fake>>({ connections: 3, heldHooks: 2, heldHooksOfOne: 2 })
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => fake(name, gone)) as [
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
  ]
  for (const connection of [a, b, c]) roster.add(connection)
  t.same(gone, [])
  roster.touch(a)
  roster.add(d)
  t.same(gone, ['b'])
  roster.remove(c)
  roster.touch(c)
  t.equal(roster.size, 2, 'a sign of life of a closed connection does not bring it back')
  roster.add(e)
  t.same(gone, ['b'])
})

void tap.test('a connection that holds a hook never leaves, until that is answered', async (t) => {
  const gone: string[] = []
  const roster = new Roster<ReturnType<typeof fake>>({ connections: 2, heldHooks: 1, heldHooksOfOne: 1 })
  const hook = fake('hook', gone)
  roster.add(hook)
  t.ok(roster.hold(hook, '10.0.0.1'))
  for (let i = 0; i < 5; i += 1) roster.add(fake(`probe ${i}`, gone))
  t.same(gone, ['probe 0', 'probe 1', 'probe 2', 'probe 3'])
  t.ok(roster.holds(hook))
  roster.release(hook)
  t.notOk(roster.holds(hook))
  roster.add(fake('last', gone))
  t.equal(gone.at(-1), 'hook')
})

void tap.test(
  'hooks are bounded: one for each connection, so many in all; who has gone holds none',
  async (t) => {
    const roster = new Roster<ReturnType<typeof fake>>({ connections: 9, heldHooks: 2, heldHooksOfOne: 2 })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => fake(name, [])) as [
      ReturnType<typeof fake>,
      ReturnType<typeof fake>,
      ReturnType<typeof fake>,
    ]
    for (const connection of [a, b, c]) roster.add(connection)
    t.ok(roster.hold(a, '10.0.0.1'))
    t.notOk(roster.hold(a, '10.0.0.1'), 'one of its own is enough for anybody')
    t.ok(roster.hold(b, '10.0.0.1'))
    t.notOk(roster.hold(c, '10.0.0.1'))
    roster.remove(a)
    t.ok(roster.hold(c, '10.0.0.1'), 'the seat was free with the connection')
    roster.release(a)
    t.ok(roster.holds(b) && roster.holds(c), 'its late answer frees nobody else’s')
  },
)

void tap.test('one address does not take all seats', async (t) => {
  const roster = new Roster<ReturnType<typeof fake>>({ connections: 9, heldHooks: 4, heldHooksOfOne: 2 })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => fake(name, [])) as [
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
  ]
  for (const connection of [a, b, c, d]) roster.add(connection)
  t.ok(roster.hold(a, '10.0.0.1'))
  t.ok(roster.hold(b, '10.0.0.1'))
  t.notOk(roster.hold(c, '10.0.0.1'))
  t.ok(roster.hold(c, '10.0.0.2'))
  roster.remove(a)
  t.ok(roster.hold(d, '10.0.0.1'))
})

void tap.test('at the end only those leave at once that are being answered nothing', async (t) => {
  const gone: string[] = []
  const roster = new Roster<ReturnType<typeof fake>>({ connections: 9, heldHooks: 2, heldHooksOfOne: 2 })
  const [silent, asking, twice] = ['silent', 'asking', 'twice'].map((name) => fake(name, gone)) as [
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
  ]
  for (const connection of [silent, asking, twice]) roster.add(connection)
  for (const connection of [asking, twice, twice]) roster.asks(connection)
  roster.answered(twice)
  roster.dismiss()
  t.same(gone, ['silent'])
  roster.answered(twice)
  roster.answered(asking)
  roster.dismiss()
  t.same(gone, ['silent', 'silent', 'asking', 'twice'])
})
