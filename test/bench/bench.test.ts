/** The benchmark finds what it measures, and judges its command line before it runs for ten minutes. */
import tap from 'tap'
import { readOptions } from '../../bench/options.ts'
import { strategies } from '../../bench/rollout/strategies.ts'

void tap.test('the drain scenario finds the strategies of the built rehearsal', async (t) => {
  const names = (await strategies()).map(({ name }) => name)
  for (const name of ['bare', 'lastcall plain', 'lastcall native'])
    t.ok(names.includes(name), `${name} of ${names.join(', ')}`)
})

void tap.test('a wrong command line is refused', async (t) => {
  t.match(readOptions(['cost', '--rounds', '3', '--name', '2026-11-27']), { rounds: 3, name: '2026-11-27' })
  t.throws(() => readOptions(['--name', '/tmp/x']), { message: /--name \/tmp\/x: must be a file name/ })
  t.throws(() => readOptions(['--rounds', '0']), { message: /--rounds 0: not a number above 0/ })
  t.throws(() => readOptions(['--round', '3']), { message: /--round/ })
})
