/** Places for client connections: who gets one, who gives one up, and a limit that changes while all are taken. */
import tap from 'tap'
import { type Holder, type PlaceLimit, Places } from '../../src/proxy/relay/places.ts'

class Client implements Holder {
  left: 'lingers' | 'at once' | undefined
  restingSince: number

  constructor(restingSince: number) {
    this.restingSince = restingSince
  }

  makeRoom(atOnce: boolean): void {
    this.left = atOnce ? 'at once' : 'lingers'
    this.restingSince = Infinity
  }
}

const limit = (connections: number): PlaceLimit => ({
  connections,
  leaving: 2,
  bufferedBytes: Infinity,
  setBy: 'the test',
})

function crowd(
  size: number,
  places: number,
): { clients: Client[]; open: Set<Client>; places: Places<Client> } {
  const clients = Array.from({ length: size }, (_, i) => new Client(i))
  const open = new Set(clients)
  return { clients, open, places: new Places(open, limit(places)) }
}

void tap.test('connections that make room linger, but only a limited number at a time', async (t) => {
  const { clients, open, places } = crowd(4, 4)
  for (let i = 0; i < 4; i++) {
    t.ok(places.forOneMore(100))
    open.add(new Client(Infinity))
  }
  t.same(
    clients.map(({ left }) => left),
    ['lingers', 'lingers', 'at once', 'at once'],
  )
  t.notOk(places.forOneMore(200), 'everybody else is busy')
  places.left(clients[0]!)
  open.delete(clients[0]!)
  t.notOk(places.forOneMore(300), 'one that had made room has no place to give')
})

void tap.test(
  'a lower limit closes idle connections at once; busy ones stay, and no new ones are accepted for them',
  async (t) => {
    const { clients, open, places } = crowd(10, 10)
    for (const busy of clients.slice(4)) busy.restingSince = Infinity
    places.change(limit(5), 100)
    t.same(
      clients.filter(({ left }) => left === 'at once'),
      clients.slice(0, 4),
    )
    for (const client of clients.slice(0, 4)) {
      open.delete(client)
      places.left(client)
    }
    t.notOk(places.forOneMore(200), 'six where five may be')
    for (const client of clients.slice(4, 6)) client.restingSince = 250
    t.ok(places.forOneMore(300), 'two of them come to rest: both go, and one comes in')
    t.same(
      clients.slice(4, 6).map(({ left }) => left),
      ['lingers', 'lingers'],
    )
    places.change(limit(20), 400)
    t.ok(places.forOneMore(400), 'a higher limit is used at once')
  },
)
