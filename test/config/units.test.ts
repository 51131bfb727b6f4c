/** Units: what is read, what is refused and with which hint; printing and reading undo each other. */
import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import tap from 'tap'
import {
  parseCount,
  parseDuration,
  parseSize,
  printDuration,
  printSize,
} from '../../src/proxy/config/units.ts'
import { holds } from '../fixtures/property.ts'

void tap.test('durations need a unit, and mean whole milliseconds', async (t) => {
  const good = {
    '500ms': 500,
    '3s': 3000,
    '1.5s': 1500,
    '2m': 120_000,
    '1h': 3_600_000,
    '0s': 0,
    '1.005s': 1005,
  }
  for (const [text, ms] of Object.entries(good)) t.same(parseDuration(text), { kind: 'ok', value: ms }, text)
  const bad = [
    '',
    '3',
    '0',
    's',
    '-1s',
    '3 s',
    '3S',
    '3sec',
    '1.s',
    '.5s',
    '0.5ms',
    '1e3s',
    '597h',
    '99999999999999s',
  ]
  for (const text of bad) t.equal(parseDuration(text).kind, 'bad', text)
})

void tap.test('a number without a unit gets a hint with the possible units', async (t) => {
  t.same(parseDuration('30'), { kind: 'bad', why: 'add a unit: 30s or 30ms' })
  t.same(parseSize('64'), { kind: 'bad', why: 'add a unit: 64B or 64KiB' })
})

void tap.test('sizes are powers of 1024, and whole bytes', async (t) => {
  const good = {
    '512B': 512,
    '32KiB': 32_768,
    '1MiB': 1_048_576,
    '1.5KiB': 1536,
    '1024GiB': 1024 ** 4,
    '0B': 0,
  }
  for (const [text, bytes] of Object.entries(good))
    t.same(parseSize(text), { kind: 'ok', value: bytes }, text)
  for (const text of ['', '32kB', '32K', '32kib', '1.5B', '-1B', '1025GiB', 'KiB'])
    t.equal(parseSize(text).kind, 'bad', text)
  t.match(parseSize('32kB'), { why: /KiB/ }, 'the decimal unit is told of the other')
})

void tap.test('counts have a least', async (t) => {
  t.same(parseCount('3', 1), { kind: 'ok', value: 3 })
  for (const text of ['0', '-1', '1.5', '', 'x', '12345678901'])
    t.equal(parseCount(text, 1).kind, 'bad', text)
})

void tap.test('whatever is printed is read as the same, and printed so again', async (t) => {
  holds(
    t,
    'durations',
    fc.property(fc.integer({ min: 0, max: 596 * 3_600_000 }), (ms) => {
      const read = parseDuration(printDuration(ms))
      return read.kind === 'ok' && read.value === ms
    }),
    2000,
  )
  holds(
    t,
    'sizes',
    fc.property(fc.integer({ min: 0, max: 1024 ** 4 }), (bytes) => {
      const read = parseSize(printSize(bytes))
      return read.kind === 'ok' && read.value === bytes
    }),
    2000,
  )
})

void tap.test('whatever is read keeps its value when printed and read again', async (t) => {
  const number = fc.tuple(fc.nat(5000), fc.constantFrom('', '.5', '.25', '.125', '.001'))
  holds(
    t,
    'durations',
    fc.property(number, fc.constantFrom('ms', 's', 'm', 'h'), ([whole, fraction], unit) => {
      const read = parseDuration(`${whole}${fraction}${unit}`)
      const again = read.kind === 'ok' ? parseDuration(printDuration(read.value)) : read
      return isDeepStrictEqual(again, read)
    }),
  )
  holds(
    t,
    'sizes',
    fc.property(number, fc.constantFrom('B', 'KiB', 'MiB', 'GiB'), ([whole, fraction], unit) => {
      const read = parseSize(`${whole}${fraction}${unit}`)
      const again = read.kind === 'ok' ? parseSize(printSize(read.value)) : read
      return isDeepStrictEqual(again, read)
    }),
  )
})

void tap.test('no text makes a reader throw', async (t) => {
  holds(
    t,
    'an outcome',
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.]{0,12}(ms|s|m|h|B|KiB|MiB)$/)), (text) => {
      for (const read of [parseDuration, parseSize, (x: string) => parseCount(x, 0)])
        if (!['ok', 'bad'].includes(read(text).kind)) return false
      return true
    }),
    2000,
  )
})
