/** What inject has added goes again to the byte, whatever the manifest looks like. */
import { readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import tap from 'tap'
import { injected, injection, K8S, manifest } from '../fixtures/manifest.ts'
import { holds } from '../fixtures/property.ts'
import { manifests } from '../fixtures/styles.ts'

const SHAPES = readdirSync(new URL('../test/manifest/shapes/', K8S))

void tap.test('shapes that somebody wrote', async (t) => {
  t.ok(SHAPES.length > 10)
  for (const name of SHAPES) {
    const text = manifest(`../test/manifest/shapes/${name}`)
    const once = injected(text)
    t.not(once, text, `${name}: injected`)
    t.equal(injected(once), once, `${name}: a second run changes nothing`)
    t.equal(injected(once, '--remove'), text, `${name}: removed to the byte`)
    const windows = text.replaceAll(/\r?\n/g, '\r\n')
    t.equal(injected(injected(windows), '--remove'), windows, `${name}: with CRLF`)
    const bare = text.replace(/\s+$/, '')
    t.equal(injected(injected(bare), '--remove'), bare, `${name}: without a last newline`)
  }
})

void tap.test(
  'every style: inject and --remove leave no trace, and a second run changes nothing',
  async (t) => {
    const property = fc.property(manifests, (text) => {
      const result = injection(text)
      if (result.kind !== 'text') throw new Error(`${text}\nwas refused: ${JSON.stringify(result)}`)
      const once = result.text
      if (once === text) throw new Error(`${text}\nstayed as it was`)
      const twice = injected(once)
      if (twice !== once) throw new Error(`${text}\nonce\n${once}\ntwice\n${twice}`)
      const removed = injected(once, '--remove')
      if (removed !== text)
        throw new Error(
          `${JSON.stringify(text)}\nbecame\n${once}\nand without it\n${JSON.stringify(removed)}`,
        )
    })
    holds(t, 'any style', property as fc.IProperty<unknown>, Number(process.env['STYLES'] ?? 300))
  },
)
