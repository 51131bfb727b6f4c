/**
 * What a request head says, and the very byte at which a bad one is refused. RFC 9112 §2 to §6 and §9.3, RFC 9110 §7.2,
 * §7.6.1 and §7.8.
 */
import { strictEqual } from 'node:assert'
import tap from 'tap'
import { REFUSAL_NAMES, type RefusalName } from '../../src/protocol/http1/refusal.ts'
import { MORE, RequestHead } from '../../src/protocol/http1/request-head.ts'
import { parseRequestHead } from '../../src/protocol/http1/request-parser.ts'

const BEFORE = 'x\r\n'
const AFTER = ' HTTP/1.1\r\n\r\n'
const CHUNKED = -1
const REST = 'Host: a\r\n\r\n'

type Verdict = 'more' | 'ends' | RefusalName

/** Says nothing true of any head, so that it shows what is not set anew. */
function stale(): RequestHead {
  const head = new RequestHead()
  Object.assign(head, { length: 7, idempotent: true, persistent: false, upgrade: 'h2c', probe: true })
  Object.assign(head, { hosts: 1, lengths: 1, codings: 1, close: true, keepAlive: true, upgradeOption: true })
  return head
}

/** What is said of `text`, of which `known` bytes are given; those around it must not be looked at. */
function verdict(text: string, known = text.length, limit = 1000, head = stale()): Verdict {
  const bytes = Buffer.from(`${BEFORE}${text}${AFTER}`, 'latin1')
  const said = parseRequestHead(bytes, BEFORE.length, BEFORE.length + known, limit, head)
  if (said === MORE) return 'more'
  if (said < 0) return REFUSAL_NAMES[-said - 1]!
  strictEqual(said, BEFORE.length + text.length, `ends at its end: ${text}`)
  return 'ends'
}

/** Each text is refused at its last byte, and not before it. */
function refused(name: RefusalName, texts: readonly string[]): void {
  for (const text of texts) {
    strictEqual(verdict(text), name, JSON.stringify(text))
    for (let known = 0; known < text.length; known++)
      strictEqual(verdict(text, known), 'more', JSON.stringify(text.slice(0, known)))
  }
}

/** Each text is a head, and no part of it is. */
function accepted(texts: readonly string[]): void {
  for (const text of texts) {
    strictEqual(verdict(text), 'ends', JSON.stringify(text))
    for (let known = 0; known < text.length; known++)
      strictEqual(verdict(text, known), 'more', JSON.stringify(text.slice(0, known)))
  }
}

function line(start: string, rest = REST): string {
  return `${start}\r\n${rest}`
}

/** A request of HTTP/1.1 with these fields, as lines. */
function fields(...lines: readonly string[]): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${lines.map((one) => `${one}\r\n`).join('')}`
}

/** What a head with these fields says; it has to be accepted. */
function facts(start: string, ...lines: readonly string[]) {
  const head = stale()

  const text = `${[start, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`
  strictEqual(verdict(text, text.length, 1000, head), 'ends', text)
  return head
}

void tap.test(
  'a request line is a method, a target and a version with single spaces: RFC 9112 §3',
  async (t) => {
    accepted([line('GET / HTTP/1.1'), line('M-SEARCH /a?b=c#d HTTP/1.1'), line('GET / HTTP/1.0', '\r\n')])
    const { targetStart, targetEnd } = facts('POST /items?id=1 HTTP/1.1')
    t.same([targetStart, targetEnd], [BEFORE.length + 5, BEFORE.length + 16])
    t.equal(facts('GET / HTTP/1.1').minor, 1)
    t.equal(facts('GET / HTTP/1.0').minor, 0)
    refused('requestLine', [' ', '\r', '\t', '\x00', ':', 'GET\t', 'GET\r', 'GET/', 'GET:', 'G\xe9'])
    refused('target', [
      'GET  ',
      'GET \t',
      'GET \r',
      'GET /\t',
      'GET /\r',
      'GET /\x7f',
      'GET /\xe9',
      'GET \x00',
    ])
    refused('bareLf', ['\n', 'GET\n', 'GET \n', 'GET /\n', 'GET / HTTP/1.1\n'])
    refused('requestLine', [
      'GET / \n',
      'GET / H\n',
      'GET / HTTP/1.\n',
      'GET / HTTP/1.x\n',
      'GET / XTTP/1.1\n',
    ])
    refused(
      'requestLine',
      [
        'XTTP/1.1',
        'HxTP/1.1',
        'HTxP/1.1',
        'HTTx/1.1',
        'HTTPx1.1',
        'HTTP/x.1',
        'HTTP/1x1',
        'HTTP/1.x',
        'http/1.1',
        ' HTTP/1.',
        'HTTP/:.1',
        'HTTP/1./',
      ].map((version) => `GET / ${version}\r\n`),
    )
    refused('requestLine', [
      'GET / HTTP/1.1 \r',
      'GET / HTTP/1.1\rx',
      'GET / HTTP/1.10\r',
      'GET / HTTP/1.1\r\r',
    ])
    refused('requestLine', ['GET / HTTP/1.1x\n'])
    t.equal(verdict(line('GET / HTTP/1.1').replace('\r', '')), 'bareLf', 'more behind a bare LF')
    const incomplete = Buffer.from('GET / HTTP/')
    t.equal(parseRequestHead(incomplete, 0, incomplete.length, 1000, stale()), MORE, 'no LF yet')
  },
)

void tap.test(
  'a version other than 1.0 and 1.1 is refused, and the preface of HTTP/2 is told apart',
  async (t) => {
    refused('version', [
      ...['0.9', '1.2', '1.9', '2.0', '2.1', '3.0', '9.9', '0.1'].map((one) => `GET / HTTP/${one}\r\n`),
      'PR * HTTP/2.0\r\n',
      'PRIX * HTTP/2.0\r\n',
      'PRX * HTTP/2.0\r\n',
    ])
    refused('http2', ['PRI / HTTP/2.0\r\n', 'PRI * HTTP/2.1\r\n', 'pri * HTTP/2.0\r\n'])
    refused('http2', ['PRI * HTTP/2.0\r\nH', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'])
    refused('method', ['PRI / HTTP/1.1\r\n'])
    t.pass('all')
  },
)

const KNOWN =
  'GET HEAD POST PUT PATCH DELETE OPTIONS ACL BIND CHECKOUT COPY LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE ' +
  'NOTIFY PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'

void tap.test('methods are case-sensitive, and only known ones pass: RFC 9110 §9', async (t) => {
  const idempotent = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
  for (const method of KNOWN.split(' ')) {
    t.equal(facts(`${method} / HTTP/1.1`).idempotent, idempotent.has(method), method)
    refused(
      'method',
      [method.toLowerCase(), `${method}X`, `X${method}`, `${method.slice(0, -1)}~`].map(
        (one) => `${one} / HTTP/1.1\r\n`,
      ),
    )
  }
  refused('connect', ['CONNECT / HTTP/1.1\r\n', 'CONNECT a:443 HTTP/1.1\r\n'])
  refused('method', ['GE / HTTP/1.1\r\n', 'BREW / HTTP/1.1\r\n'])
})

void tap.test(
  'a target is in origin-form, in absolute-form, or an asterisk for OPTIONS: RFC 9112 §3.2',
  async (t) => {
    accepted([
      line('GET / HTTP/1.1'),
      line('GET //a:b@c HTTP/1.1'),
      line('GET http://a/b HTTP/1.1'),
      line('OPTIONS * HTTP/1.1'),
      line('OPTIONS / HTTP/1.1'),
    ])
    refused(
      'target',
      ['GET *', 'OPTIONS **', 'OPTIONS *a', 'GET a', 'GET a:443', 'GET ?a', 'OPTIONS +'].map(
        (one) => `${one} HTTP/1.1\r\n`,
      ),
    )
    t.pass('all')
  },
)

void tap.test(
  'a field is a token, a colon and a value, and every line ends with CRLF: RFC 9112 §2.2, §5',
  async (t) => {
    accepted([
      `${fields('a: b', 'c:', "!#$%&'*+-.^_`|~09AZaz:\t \xff\x80~", 'd: ')}\r\n`,
      'GET / HTTP/1.0\r\n\r\n',
    ])
    refused('fold', [`${fields()} `, `${fields('a: b')}\t`, 'GET / HTTP/1.1\r\n '])
    refused('bareCr', [`${fields()}\rx`, `${fields()}\r\r`, `${fields()}a: b\rx`, `${fields()}a: b\r\r`])
    refused('bareLf', [`${fields()}\n`, `${fields()}a\n`, `${fields()}a:\n`, `${fields()}a: b\n`])
    refused('spaceBeforeColon', [`${fields()}a `, `${fields()}a\t`])
    refused(
      'fieldName',
      [':', '\x00', '"', '\x7f', '\xe9', 'a\x00', 'a"', 'a/', 'a\r'].map((one) => fields() + one),
    )
    refused(
      'control',
      ['a:\x00', 'a: \x08', 'a: b\x7f', 'a: \x1f'].map((one) => fields() + one),
    )
    t.pass('all')
  },
)

void tap.test('a head has its limit: the line has an answer of its own', async (t) => {
  const head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  t.equal(verdict(head, head.length, head.length), 'ends')
  t.equal(verdict(head, head.length, head.length - 1), 'headTooLarge')
  t.equal(verdict(head, head.length - 1, head.length), 'more')
  t.equal(verdict(head, head.length - 1, head.length - 1), 'headTooLarge')
  for (let limit = 1; limit < head.length; limit++) {
    const expected = limit < 16 ? 'targetTooLong' : 'headTooLarge'
    t.equal(verdict(head, head.length, limit), expected, `of ${limit}`)
    t.equal(verdict(head, limit, limit), expected, `of ${limit}, no more known`)
    t.equal(verdict(head, limit - 1, limit), 'more', `below ${limit}`)
  }
})

function host(value: string): string {
  return `GET / HTTP/1.1\r\nHost:${value}\r\n`
}

void tap.test('there is one Host, and it is a host: RFC 9112 §3.2, RFC 9110 §7.2', async (t) => {
  for (let byte = 0x20; byte < 0x100; byte++) {
    if (byte === 0x7f) continue
    const isBad = '/?#@\\<>"^`{|} '.includes(String.fromCharCode(byte)) || byte > 0x7f
    t.equal(verdict(host(` a${String.fromCharCode(byte)}b`)), isBad ? 'host' : 'more', `byte ${byte}`)
  }
  refused('host', [host('a\tb'), host(' /'), host('a/ ')])
  accepted([`${host('')}\r\n`, `${host(' \t [::1]:80 \t')}\r\n`, 'GET / HTTP/1.0\r\n\r\n'])
  refused('hosts', [host('a') + 'hOST: a\r\n', `GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n`])
  refused('noHost', ['GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHosts: a\r\nXost: a\r\n\r\n'])
})

void tap.test('Content-Length is one decimal number: RFC 9112 §6.3', async (t) => {
  t.equal(facts('POST / HTTP/1.1').length, 0)
  t.equal(facts('POST / HTTP/1.1', 'content-LENGTH:\t 42 \t').length, 42)
  t.equal(facts('POST / HTTP/1.1', 'Content-Length: 0').length, 0)
  t.equal(facts('POST / HTTP/1.1', 'Content-Length: 9007199254740991').length, 2 ** 53 - 1)
  t.equal(facts('POST / HTTP/1.1', 'Content-Lengt1: x', 'Content-Lengthy: x').length, 0)
  refused(
    'length',
    ['', ' ', 'a', '-1', '+1', '1,1', '1 1', '0x1', '1.0'].map((one) => fields(`Content-Length: ${one}`)),
  )
  refused('lengthTooLarge', [fields('Content-Length: 9007199254740992')])
  refused('lengths', [fields('Content-Length: 1', 'Content-Length: 1')])
})

void tap.test('Transfer-Encoding is chunked, once, alone, and only in HTTP/1.1: RFC 9112 §6.1', async (t) => {
  for (const value of ['chunked', 'CHUNKED', '  chunked  '])
    t.equal(facts('POST / HTTP/1.1', `Transfer-Encoding:${value}`).length, CHUNKED, value)
  t.equal(facts('POST / HTTP/1.1', 'Transfer-Encodinx: gzip').length, 0)
  const coding = (value: string) => fields(`Transfer-Encoding:${value}`)
  refused(
    'coding',
    [
      '',
      ' ',
      'gzip',
      'identity',
      'chunke',
      'chunkedd',
      'xhunked',
      'chunked,gzip',
      'chunked,chunked',
      'chunked,',
      ',chunked',
      'gzip,,chunked',
      'gzip chunked',
      'chunked;a=b',
      '\tchunked',
      'chunked\t',
      'gzip,\tchunked',
      'chunked, gzip, chunked',
    ].map(coding),
  )
  refused('codings', [coding('gzip,chunked'), coding('gzip , chunked'), coding('a,b,chunked')])
  refused('coding', [`${coding('chunked')}transfer-encoding: chunked\r\n`])
  refused('coding10', ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n'])
  const both = ['Content-Length: 1', 'Transfer-Encoding: chunked']
  refused('lengthAndCoding', [`${fields(...both)}\r\n`, `${fields(...both.toReversed())}\r\n`])
})

void tap.test('a name that becomes a framing or forwarding field is refused: RFC 3875 §4.1.18', async (t) => {
  refused(
    'underscore',
    [
      'Content_Length',
      'Transfer_Encoding',
      'X_Forwarded_For',
      'X_Forwarded-Host',
      'X-Forwarded_Port',
      'X_Forwarded_Prefix',
      'X_Forwarded_Proto',
      'X_Forwarded_Server',
      'X_Real_IP',
    ].map((name) => fields(`${name}: 1`)),
  )
  t.pass('all')
})

void tap.test('how long a connection persists: RFC 9112 §9.3', async (t) => {
  for (const [version, value, persistent] of [
    ['1.1', undefined, true],
    ['1.1', 'close', false],
    ['1.1', 'CLOSE', false],
    ['1.1', 'keep-alive', true],
    ['1.1', 'keep-alive, close', false],
    ['1.1', ' \tclose , x', false],
    ['1.1', 'closed', true],
    ['1.1', 'xlose', true],
    ['1.0', undefined, false],
    ['1.0', 'keep-alive', true],
    ['1.0', '\t KEEP-ALIVE', true],
    ['1.0', 'keep-alive ', true],
    ['1.0', 'x, keep-alive', true],
    ['1.0', 'keep-alive, close', false],
    ['1.0', 'keep-alivx', false],
    ['1.0', 'x, keep-alivx', false],
    ['1.0', 'keep-alives', false],
    ['1.0', 'x', false],
  ] as const) {
    const lines = value === undefined ? [] : [`Connection: ${value}`]
    t.equal(facts(`GET / HTTP/${version}`, ...lines).persistent, persistent, `${version} ${value}`)
  }
  t.equal(facts('GET / HTTP/1.1', 'connectioX: close').persistent, true, 'another field')
  t.equal(facts('GET / HTTP/1.1', 'Connection: close', 'Connection: x').persistent, false, 'two fields')
})

void tap.test('Connection must not name what the app needs: RFC 9110 §7.6.1', async (t) => {
  for (const name of ['Host', 'content-length', 'Transfer-Encoding', 'X-Forwarded-For'])
    refused('hopByHop', [
      fields(`Connection: ${name}`),
      fields(`Connection: keep-alive, ${name}`),
      fields(`Connection: ${name} , close`),
    ])
  for (const name of ['Hosts', 'Hos', 'Xost', 'TE', 'Upgrade', 'X-Forwarded-Foo'])
    t.equal(facts('GET / HTTP/1.1', `Connection: ${name}`).persistent, true, name)
})

void tap.test('an upgrade needs its field, its option and HTTP/1.1: RFC 9110 §7.8', async (t) => {
  const option = 'Connection: Upgrade'
  for (const [kind, ...lines] of [
    ['none'],
    ['none', option],
    ['none', 'Upgrade: websocket'],
    ['none', 'Upgrade: websocket', 'Connection: upgrades'],
    ['none', 'Upgrade: websocket', 'Connection: xpgrade'],
    ['none', 'Upgradx: websocket', option],
    ['websocket', 'Upgrade: websocket', option],
    ['websocket', option, 'UPGRADE:\t WebSocket \t'],
    ['websocket', 'Upgrade: websocket', 'Connection: keep-alive, upgrade'],
    ['other', 'Upgrade: websockets', option],
    ['other', 'Upgrade: xebsocket', option],
    ['other', 'Upgrade: websocket, x', option],
    ['other', 'Upgrade: TLS/1.0', option],
    ['other', 'Upgrade: h2cc', option],
    ['other', 'Upgrade: x2c', option],
    ['h2c', 'Upgrade: h2c', option],
    ['h2c', 'Upgrade: x, H2C ,websocket', option],
    ['h2c', 'Upgrade: h2c', 'Upgrade: websocket', option],
    ['h2c', 'Upgrade: websocket', 'Upgrade: h2c', option],
  ] as const) {
    t.equal(facts('GET / HTTP/1.1', ...lines).upgrade, kind, lines.join('; '))
    t.equal(facts('GET / HTTP/1.0', ...lines).upgrade, 'none', `HTTP/1.0: ${lines.join('; ')}`)
  }
})
