/** How many connections there may be, and what is said to have set it: DESIGN §5, --max-connections. */
import * as fc from 'fast-check'
import tap from 'tap'
import { connectionLimit } from '../../src/proxy/process/connection-limit.ts'
import { leastDescriptors, shares } from '../../src/proxy/process/descriptors.ts'
import { holds } from '../fixtures/property.ts'

const MIB = 1024 * 1024

function said(wanted: number, descriptors: number, memory: number | undefined): string {
  const limit = connectionLimit(wanted, descriptors, memory)
  return limit.kind === 'ok' ? `${limit.connections} (${limit.setBy})` : limit.problem
}

void tap.test('the scarcest of flag, descriptors and memory sets the limit, and is named', async (t) => {
  t.equal(said(0, 1024, undefined), '424 (limit of open files 1024)')
  t.equal(said(100, 1024, undefined), '100 (--max-connections)')
  t.equal(said(5000, 1024, undefined), '424 (limit of open files 1024)', 'no flag makes descriptors')
  t.equal(said(0, 65_536, 128 * MIB), '630 (memory limit 128 MiB)')
  t.equal(said(0, 65_536, 256 * MIB), '2835 (memory limit 256 MiB)')
  t.equal(said(0, 1024, 256 * MIB), '424 (limit of open files 1024)')
  t.equal(said(5000, 65_536, 128 * MIB), '5000 (--max-connections)', 'who asks for more knows why')
  t.equal(said(0, 65_536, 32 * MIB), '64 (memory limit 32 MiB)', 'less than lastcall itself needs')
})

void tap.test(
  'too few descriptors: a sentence that says how many are needed, and how to get them',
  async (t) => {
    const limit = connectionLimit(0, leastDescriptors() - 1, undefined)
    t.match(limit, { kind: 'impossible', problem: /limit of open files is 95: .* at least 96 .*ulimit -n/ })
    t.match(connectionLimit(0, leastDescriptors(), undefined), { kind: 'ok', connections: 16 })
  },
)

void tap.test(
  'whatever the limit of open files is, what was shared out fits, and admin has its part',
  async (t) => {
    const property = fc.property(fc.integer({ min: leastDescriptors(), max: 2 ** 20 }), (limit) => {
      const { connections, leaving, admin } = shares(limit)!
      return (
        // At rest the process has 25 of its own.
        2 * connections + 2 * leaving + admin + 40 <= limit && admin >= 8 && leaving >= 4 && connections >= 16
      )
    })
    holds(t, 'shares', property)
  },
)
