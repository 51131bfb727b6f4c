/** Which connection of the admin server makes room for a newcomer (DESIGN §6: a probe or a hook is never refused). */
import tap from 'tap'
import { ConnectionList } from '../../src/proxy/admin/connection-list.ts'

function fake(name: string, gone: string[]) {
  return { name, destroy: () => gone.push(name) }
}

void tap.test('the newcomer gets in and the one that was quiet the longest leaves', async (t) => {
  const gone: string[] = []
  const connections = new ConnectionList<ReturnType<typeof fake>>({
    connections: 3,
    waitingHooks: 2,
    waitingHooksOfOne: 2,
  })
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => fake(name, gone)) as [
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
  ]
  for (const connection of [a, b, c]) connections.add(connection)
  t.same(gone, [])
  connections.touch(a)
  connections.add(d)
  t.same(gone, ['b'])
  connections.remove(c)
  connections.touch(c)
  t.equal(connections.size, 2, 'a sign of life of a closed connection does not bring it back')
  connections.add(e)
  t.same(gone, ['b'])
})

void tap.test('a connection that holds a hook never leaves, until that is answered', async (t) => {
  const gone: string[] = []
  const connections = new ConnectionList<ReturnType<typeof fake>>({
    connections: 2,
    waitingHooks: 1,
    waitingHooksOfOne: 1,
  })
  const hook = fake('hook', gone)
  connections.add(hook)
  t.ok(connections.wait(hook, '10.0.0.1'))
  for (let i = 0; i < 5; i += 1) connections.add(fake(`probe ${i}`, gone))
  t.same(gone, ['probe 0', 'probe 1', 'probe 2', 'probe 3'])
  t.ok(connections.waitsOn(hook))
  connections.release(hook)
  t.notOk(connections.waitsOn(hook))
  connections.add(fake('last', gone))
  t.equal(gone.at(-1), 'hook')
})

void tap.test(
  'hooks are bounded per connection and in total; a caller that has gone holds no slot',
  async (t) => {
    const connections = new ConnectionList<ReturnType<typeof fake>>({
      connections: 9,
      waitingHooks: 2,
      waitingHooksOfOne: 2,
    })
    const [a, b, c] = ['a', 'b', 'c'].map((name) => fake(name, [])) as [
      ReturnType<typeof fake>,
      ReturnType<typeof fake>,
      ReturnType<typeof fake>,
    ]
    for (const connection of [a, b, c]) connections.add(connection)
    t.ok(connections.wait(a, '10.0.0.1'))
    t.notOk(connections.wait(a, '10.0.0.1'), 'one of its own is enough for anybody')
    t.ok(connections.wait(b, '10.0.0.1'))
    t.notOk(connections.wait(c, '10.0.0.1'))
    connections.remove(a)
    t.ok(connections.wait(c, '10.0.0.1'), 'the seat was free with the connection')
    connections.release(a)
    t.ok(connections.waitsOn(b) && connections.waitsOn(c), 'its late answer frees nobody else’s')
  },
)

void tap.test('one address does not take all seats', async (t) => {
  const connections = new ConnectionList<ReturnType<typeof fake>>({
    connections: 9,
    waitingHooks: 4,
    waitingHooksOfOne: 2,
  })
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => fake(name, [])) as [
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
  ]
  for (const connection of [a, b, c, d]) connections.add(connection)
  t.ok(connections.wait(a, '10.0.0.1'))
  t.ok(connections.wait(b, '10.0.0.1'))
  t.notOk(connections.wait(c, '10.0.0.1'))
  t.ok(connections.wait(c, '10.0.0.2'))
  connections.remove(a)
  t.ok(connections.wait(d, '10.0.0.1'))
})

void tap.test('at the end only those leave at once that are being answered nothing', async (t) => {
  const gone: string[] = []
  const connections = new ConnectionList<ReturnType<typeof fake>>({
    connections: 9,
    waitingHooks: 2,
    waitingHooksOfOne: 2,
  })
  const [silent, asking, twice] = ['silent', 'asking', 'twice'].map((name) => fake(name, gone)) as [
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
    ReturnType<typeof fake>,
  ]
  for (const connection of [silent, asking, twice]) connections.add(connection)
  for (const connection of [asking, twice, twice]) connections.asks(connection)
  connections.answered(twice)
  connections.dismiss()
  t.same(gone, ['silent'])
  connections.answered(twice)
  connections.answered(asking)
  connections.dismiss()
  t.same(gone, ['silent', 'silent', 'asking', 'twice'])
})
