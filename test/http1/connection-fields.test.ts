/** What is removed from a head, and that nothing else is: farewells and offers of h2c. RFC 9110 §7.6.1, RFC 9112 §9.6. */
import tap from 'tap'
import { farewell } from '../../src/protocol/http1/farewell.ts'
import { withoutH2c } from '../../src/protocol/http1/h2c.ts'

type Change = typeof farewell

/** The head after the change; bytes around it must not be looked at. */
function changed(change: Change, head: string): string {
  const bytes = Buffer.from(`Connection: close\r\n${head}Connection: close\r\n\r\n`, 'latin1')
  return change(bytes, 19, 19 + head.length).toString('latin1')
}

const STATUS = 'HTTP/1.1 200 OK\r\n'
const CLOSE = 'Connection: close\r\n'

void tap.test(
  'a farewell replaces what says how long the connection lives, and keeps every other byte',
  async (t) => {
    for (const [before, after] of [
      ['', ''],
      ['A: b\r\nC:d\r\n', 'A: b\r\nC:d\r\n'],
      ['Connection: keep-alive\r\n', ''],
      ['A: b\r\nconnection:CLOSE\r\nC: d\r\n', 'A: b\r\nC: d\r\n'],
      ['CONNECTION : \tkeep-alive \r\n', ''],
      ['Keep-Alive: timeout=5\r\nkeep-ALIVE:\r\n', ''],
      [
        'Connection: keep-alive, X-Hop ,Upgrade\r\nX-Hop: 1\r\n',
        'Connection: X-Hop, Upgrade\r\nX-Hop: 1\r\n',
      ],
      ['Connection: X-Hop\r\n', 'Connection: X-Hop\r\n'],
      ['Connection: keep-alives, xclose\r\n', 'Connection: keep-alives, xclose\r\n'],
      ['Connection:\r\n', ''],
      ['Connection: a,\xe4\r\n', 'Connection: a, \xe4\r\n'],
      ['Keep-Alives: a\r\nXeep-Alive: a\r\n', 'Keep-Alives: a\r\nXeep-Alive: a\r\n'],
      ['Connections: close\r\nXonnection: close\r\n', 'Connections: close\r\nXonnection: close\r\n'],
      ['Connection\r\nConnection: close\r\n', 'Connection\r\n'],
      ['Keep-Alive \r\n:close\r\n', 'Keep-Alive \r\n:close\r\n'],
      ['A: Connection: close\r\n', 'A: Connection: close\r\n'],
    ] as const)
      t.equal(
        changed(farewell, `${STATUS}${before}\r\n`),
        `${STATUS}${after}${CLOSE}\r\n`,
        JSON.stringify(before),
      )
  },
)

void tap.test('lines that end with a bare LF are lines: RFC 9112 §2.2', async (t) => {
  t.equal(
    changed(farewell, 'HTTP/1.1 200 OK\nA: b\nConnection: keep-alive\nKeep-Alive: a\nC: d\n\n'),
    'HTTP/1.1 200 OK\nA: b\nC: d\nConnection: close\r\n\n',
  )
  t.equal(
    changed(farewell, 'HTTP/1.1 200 OK\nx\n:\nConnection: keep-alive\n\r\n'),
    'HTTP/1.1 200 OK\nx\n:\nConnection: close\r\n\r\n',
  )
  t.equal(
    changed(farewell, 'HTTP/1.1 200 OK\nConnection: keep-alive, X-Hop\n\n'),
    'HTTP/1.1 200 OK\nConnection: X-Hop\r\nConnection: close\r\n\n',
  )
})

void tap.test(
  'an offer of h2c is removed with its settings, and nothing is added: RFC 9113 §3.1',
  async (t) => {
    const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'
    for (const [before, after] of [
      ['Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAM\r\nA: b\r\n', 'A: b\r\n'],
      ['Connection: keep-alive, upgrade, http2-settings\r\nUPGRADE: h2c\r\n', 'Connection: keep-alive\r\n'],
      ['Connection: xupgrade, http2-settingsx\r\n', 'Connection: xupgrade, http2-settingsx\r\n'],
      ['Connection: upgradex, xhttp2-settings\r\n', 'Connection: upgradex, xhttp2-settings\r\n'],
    ] as const)
      t.equal(changed(withoutH2c, `${GET}${before}\r\n`), `${GET}${after}\r\n`, JSON.stringify(before))
  },
)
