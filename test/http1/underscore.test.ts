/** Which field names become another one in an app that reads `_` for `-`. RFC 3875 §4.1.18. */
import tap from 'tap'
import { isUnderscored } from '../../src/protocol/http1/underscore.ts'

const NAMES = [
  'content-length',
  'transfer-encoding',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
]

/** Among other bytes, which must not be looked at. */
function becomesAnother(name: string): boolean {
  return isUnderscored(Buffer.from(`x_${name}_r: a`, 'latin1'), 2, 2 + name.length)
}

/** The name with underscores for some of its hyphens, in every way. */
function spellings(name: string): string[] {
  const [first = '', ...rest] = name.split('-')
  return rest.reduce((all, part) => all.flatMap((one) => [`${one}-${part}`, `${one}_${part}`]), [first])
}

void tap.test(
  'each framing and forwarding field with an underscore for any hyphen, in any case',
  async (t) => {
    for (const name of NAMES) {
      const [right, ...others] = spellings(name)
      t.equal(right, name)
      t.notOk(becomesAnother(name), `${name} is itself`)
      t.notOk(becomesAnother(name.toUpperCase()), `${name} is itself`)
      for (const other of others) {
        t.ok(becomesAnother(other), other)
        t.ok(becomesAnother(other.toUpperCase()), other)
      }
    }
  },
)

void tap.test('a name that differs in another byte is not one of them', async (t) => {
  for (const name of NAMES) {
    const underscored = name.replaceAll('-', '_')
    for (let at = 0; at < name.length; at++)
      for (const char of ['a', '~', '.', '-'].filter((one) => one !== name[at])) {
        const near = underscored.slice(0, at) + char + underscored.slice(at + 1)
        t.notOk(becomesAnother(near), near)
      }
    for (const other of [
      underscored.slice(1),
      underscored.slice(0, -1),
      `${underscored}s`,
      `x${underscored}`,
    ])
      t.notOk(becomesAnother(other), other)
  }
  for (const name of ['host', 'cookie', 'x_other_field', 'content_type', 'accept_encoding', '_', ''])
    t.notOk(becomesAnother(name), name)
})
