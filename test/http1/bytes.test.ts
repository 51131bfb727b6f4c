/** The alphabets and lists of HTTP/1.1. RFC 9110 §5.5, §5.6.1 and §5.6.2, RFC 9112 §3.2. */
import tap from 'tap'
import {
  decimal,
  eachElement,
  HEX,
  isWord,
  skipBlank,
  TARGET,
  TOKEN,
  trimBlank,
  VALUE,
} from '../../src/protocol/http1/bytes.ts'

const DIGITS = '0123456789'
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The bytes for which a table says 1. */
function members(table: Uint8Array): number[] {
  return [...table.keys()].filter((byte) => table[byte] === 1)
}

function codes(text: string): number[] {
  return [...Buffer.from(text, 'latin1')].toSorted((a, b) => a - b)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

/** `text` among other bytes, which must not be looked at; it begins at 2. */
function amid(text: string, around = ' 7'): Buffer {
  return Buffer.from(`${around}${text}${around}`, 'latin1')
}

void tap.test('a token is tchar: RFC 9110 §5.6.2', async (t) => {
  t.same(members(TOKEN), codes(`!#$%&'*+-.^_\`|~${DIGITS}${LETTERS}`))
})

void tap.test('a field value is HTAB, SP, VCHAR and obs-text: RFC 9110 §5.5', async (t) => {
  t.same(members(VALUE), [0x09, ...range(0x20, 0x7e), ...range(0x80, 0xff)])
})

void tap.test('a request target is VCHAR', async (t) => {
  t.same(members(TARGET), range(0x21, 0x7e))
})

void tap.test('hexadecimal digits have their values, and nothing else has one', async (t) => {
  for (const [byte, value] of HEX.entries()) {
    const at = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase())
    t.equal(value, at < 0 ? 255 : at, `${byte}`)
  }
})

void tap.test(
  'words are compared without regard to the case of ASCII letters, and of nothing else',
  async (t) => {
    const lower = 'abcdefghijklmnopqrstuvwxyz-0'
    for (const text of [lower, lower.toUpperCase(), 'ABCDEFGHIJKLMnopqrstuvwxyz-0'])
      t.ok(isWord(amid(text), 2, lower), text)
    for (const [text, word] of [
      ['@', '`'],
      ['[', '{'],
      ['\r', '-'],
      ['\x10', '0'],
      ['_', '\x7f'],
      ['\xc1', '\xe1'],
      ['a', 'b'],
      ['clos', 'close'],
      ['clxse', 'close'],
      ['closx', 'close'],
      ['xlose', 'close'],
    ] as const)
      t.notOk(isWord(Buffer.from(text, 'latin1'), 0, word), `${text} is not ${word}`)
  },
)

void tap.test('white space around a value is SP and HTAB: RFC 9110 §5.6.3', async (t) => {
  for (const [text, start, end] of [
    ['a', 0, 1],
    [' a', 1, 2],
    ['\ta', 1, 2],
    ['a ', 0, 1],
    ['a\t', 0, 1],
    [' \t a b \t ', 3, 6],
    ['\ra\n', 0, 3],
    ['', 0, 0],
  ] as const) {
    const bytes = amid(text, ' \t')
    t.equal(skipBlank(bytes, 2, 2 + text.length), 2 + start, JSON.stringify(text))
    t.equal(trimBlank(bytes, 2, 2 + text.length), 2 + end, JSON.stringify(text))
  }
  t.equal(skipBlank(amid(' \t '), 2, 5), 5, 'all is white space')
  t.equal(trimBlank(amid(' \t ', ' \t'), 2, 5), 2, 'all is white space')
})

void tap.test('a length is digits alone, and exact up to 2^53-1: RFC 9110 §8.6', async (t) => {
  for (const [text, value] of [
    ['0', 0],
    ['9', 9],
    ['1234567890', 1234567890],
    ['000000000000000000000042', 42],
    ['9007199254740991', 2 ** 53 - 1],
    ['9007199254740992', Infinity],
    ['9'.repeat(400), Infinity],
    ['', -1],
    [' 1', -1],
    ['1 ', -1],
    ['+1', -1],
    ['-1', -1],
    ['1/', -1],
    [':', -1],
    ['1a', -1],
    ['0x1', -1],
    ['1.0', -1],
    ['9'.repeat(400) + 'a', -1],
  ] as const)
    t.equal(decimal(amid(text, '77'), 2, 2 + text.length), value, text)
})

void tap.test('a list is its elements that are not empty: RFC 9110 §5.6.1', async (t) => {
  for (const [text, elements] of [
    ['', []],
    [' \t', []],
    [',', []],
    [' , ,\t,', []],
    ['a', ['a']],
    [' a ', ['a']],
    ['a,b', ['a', 'b']],
    [',a , \tb b\t,, c,', ['a', 'b b', 'c']],
  ] as const) {
    const found: string[] = []
    const bytes = amid(text, ',x')
    eachElement(bytes, 2, 2 + text.length, (from, to) => found.push(bytes.toString('latin1', from, to)))
    t.same(found, elements, JSON.stringify(text))
  }
})
