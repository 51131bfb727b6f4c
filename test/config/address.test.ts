/** Addresses, URLs and networks: what is read, what is refused and with which hint. Judged by node:net where it can. */
import { isIP } from 'node:net'
import * as fc from 'fast-check'
import tap from 'tap'
import {
  parseApp,
  parseHttpUrl,
  parseListen,
  parseListens,
  printAddress,
  overlap,
} from '../../src/proxy/config/address.ts'
import { cidrContains, parseCidr, parseIp } from '../../src/proxy/config/ip.ts'
import type { Cidr, ListenAddress } from '../../src/proxy/config/config.ts'
import { holds } from '../fixtures/property.ts'

void tap.test('a place to listen is a port, with or without a host', async (t) => {
  t.same(parseListen(':8080'), { kind: 'ok', value: { host: undefined, port: 8080 } })
  t.same(parseListen('127.0.0.1:0'), { kind: 'ok', value: { host: '127.0.0.1', port: 0 } })
  t.same(parseListen('[::1]:8080'), { kind: 'ok', value: { host: '::1', port: 8080 } })
  t.same(parseListen('localhost:80'), { kind: 'ok', value: { host: 'localhost', port: 80 } })
  const bad = ['', ':', '8080', 'host', 'host:', ':65536', ':x', '::1:8080', '[::1]', '[x]:1', '[]:1']
  for (const text of [...bad, '1.2.3:1', '256.1.1.1:1', 'a b:1', '*:80', 'unix:/a', 'http://a:1', ':080808'])
    t.equal(parseListen(text).kind, 'bad', text)
})

/** The place, or what is wrong about it. */
function places(text: string): ListenAddress | string {
  const reading = parseListens(text)
  return reading.kind === 'ok' ? reading.value : reading.why
}

void tap.test('several addresses stand in brackets: those of a pod, of one family or of both', async (t) => {
  t.same(places('[10.0.0.7,fd00::7]:3000'), { host: '10.0.0.7', also: ['fd00::7'], port: 3000 })
  t.same(places('[10.0.0.7]:3000'), { host: '10.0.0.7', port: 3000 })
  t.same(places('[fd00::7]:3000'), { host: 'fd00::7', port: 3000 })
  t.same(places('[fd00::7,fd00::7]:3000'), { host: 'fd00::7', port: 3000 }, 'each once')
  t.same(places(':8080'), { host: undefined, port: 8080 })
  t.match(
    places('[10.0.0.7,]:3000'),
    /^an empty entry is not an address; write it like \[10\.0\.0\.7,fd00::7\]:8080/,
  )
  t.match(places('[10.0.0.7,web]:3000'), /^web is not an address/)
  t.match(places('[10.0.0.7,fd00::7]:0'), /^port 0 would choose a different port for each address/)
  for (const text of ['10.0.0.7,fd00::7:3000', '[10.0.0.7,fd00::7]', '[10.0.0.7,fd00::7]:65536'])
    t.equal(parseListens(text).kind, 'bad', text)
  t.equal(parseListen('[10.0.0.7,fd00::7]:3000').kind, 'bad', 'where there can be one only')
  t.equal(parseApp('[10.0.0.7,fd00::7]:3000').kind, 'bad')
  t.equal(printAddress({ host: '10.0.0.7', also: ['fd00::7'], port: 3000 }), '[10.0.0.7,fd00::7]:3000')
  const both = { host: '10.0.0.7', also: ['127.0.0.1'], port: 80 }
  t.ok(overlap(both, { host: '127.0.0.1', port: 80 }))
  t.notOk(overlap(both, { host: '127.0.0.2', port: 80 }))
})

void tap.test('a wrong place says what a right one looks like', async (t) => {
  t.match(parseListen('8080'), { why: 'a port alone needs a colon: :8080' })
  for (const text of ['99999', ':99999', '4294967295', '[::1]:65536'])
    t.match(parseListen(text), { why: 'the port is above 65535' }, text)
  t.match(parseListen('::1'), { why: /brackets and a port: \[::1\]:8080/ })
  t.match(parseListen('127.0.0.1'), { why: /port is missing/ })
  t.match(parseApp(':3000'), { why: /127\.0\.0\.1:3000/ })
})

void tap.test('the app is dialled: a host and a port, or the whole path of a socket', async (t) => {
  t.same(parseApp('127.0.0.1:3000'), { kind: 'ok', value: { kind: 'tcp', host: '127.0.0.1', port: 3000 } })
  t.same(parseApp('unix:/run/app.sock'), { kind: 'ok', value: { kind: 'unix', path: '/run/app.sock' } })
  for (const text of [
    '127.0.0.1:0',
    'unix:run/app.sock',
    'unix:',
    `unix:/${'x'.repeat(107)}`,
    'http://127.0.0.1:3000',
  ])
    t.equal(parseApp(text).kind, 'bad', text)
})

void tap.test('a health URL is http, without user or fragment', async (t) => {
  t.same(parseHttpUrl('http://127.0.0.1:3001/ready'), { kind: 'ok', value: 'http://127.0.0.1:3001/ready' })
  for (const text of [
    '',
    '/ready',
    'https://a/',
    'http://',
    'http://u:p@a/',
    'http://a/#x',
    'http://a:0/',
    'ftp://a/',
  ])
    t.equal(parseHttpUrl(text).kind, 'bad', text)
})

void tap.test('whatever address is read is printed as it was', async (t) => {
  const host = fc.oneof(
    fc.ipV4(),
    fc.domain(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.constant(''),
  )
  holds(
    t,
    'listen addresses',
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
      const read = parseListen(`${name}:${port}`)
      return read.kind === 'ok' && printAddress(read.value) === `${name}:${port}`
    }),
  )
  t.equal(printAddress({ kind: 'unix', path: '/run/a' }), 'unix:/run/a')
})

void tap.test('an address is one exactly when node:net says so', async (t) => {
  const nearly = fc.stringMatching(/^[0-9a-f:.]{0,24}$/)
  holds(
    t,
    'parseIp agrees with isIP',
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), nearly, fc.string()), (text) => {
      return text.includes('%') || (parseIp(text) !== undefined) === (isIP(text) !== 0)
    }),
    5000,
  )
})

void tap.test('networks contain what they should, IPv4-mapped too', async (t) => {
  const cases: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3/9', '10.127.0.1', true],
    ['10.1.2.3/9', '10.128.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.6', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '::1', true],
    ['::/0', '203.0.113.1', true],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe80::1%eth0', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
    ['::1', 'not an address', false],
  ]
  for (const [network, address, inside] of cases)
    t.equal(
      cidrContains(cidr(network), address),
      inside,
      `${network} ${inside ? 'has' : 'has not'} ${address}`,
    )
  for (const text of [
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'fe80::1%e/64',
  ])
    t.equal(parseCidr(text).kind, 'bad', text)
})

void tap.test('a network of every length agrees with arithmetic on IPv4', async (t) => {
  holds(
    t,
    'membership',
    fc.property(fc.ipV4(), fc.ipV4(), fc.nat(32), (network, address, length) => {
      const [one, other] = [network, address].map((ip) =>
        ip.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0),
      )
      const same = Math.floor(one! / 2 ** (32 - length)) === Math.floor(other! / 2 ** (32 - length))
      return cidrContains(cidr(`${network}/${length}`), address) === same
    }),
    1000,
  )
})

void tap.test('two places are the same door when their ports and hosts meet', async (t) => {
  const same = [
    ':80 :80',
    ':80 127.0.0.1:80',
    '0.0.0.0:80 localhost:80',
    '[::]:80 [::1]:80',
    '127.0.0.1:80 localhost:80',
  ]
  for (const pair of same) t.ok(overlap(...(pair.split(' ').map(at) as [never, never])), pair)
  const other = [':80 :81', ':0 :0', '127.0.0.1:80 127.0.0.2:80', ':80 app:80', ':80 10.0.0.1:80']
  for (const pair of other) t.notOk(overlap(...(pair.split(' ').map(at) as [never, never])), pair)
})

function at(text: string): ListenAddress {
  const read = parseListen(text)
  if (read.kind === 'bad') throw new Error(read.why)
  return read.value
}

function cidr(text: string): Cidr {
  const read = parseCidr(text)
  if (read.kind === 'bad') throw new Error(read.why)
  return read.value
}
