/** An old Node gets a sentence that says what to do, not an error from somewhere within. Real processes. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { nodeProblem } from '../../src/cli/node-version.ts'
import { entry } from '../fixtures/sidecar.ts'

const KUBECTL = fileURLToPath(new URL('../../src/kubectl.ts', import.meta.url))
const PRETENDS =
  'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.20.2"}})'

/** Runs a program in a Node that says it is 20.20.2. */
function inOldNode(...args: string[]): Promise<{ code: number | string | null | undefined; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', PRETENDS, ...args], (error, _, err) =>
      resolve({ code: error?.code ?? 0, err }),
    )
  })
}

void tap.test('the release that package.json asks for, and later ones, will do', async (t) => {
  const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    engines: { node: string }
  }
  const wanted = engines.node.replace('>=', '')
  for (const fine of [`${wanted}.0`, '22.20.1', '24.0.0', '26.1.0'])
    t.equal(nodeProblem(fine), undefined, fine)
  for (const old of ['18.20.8', '20.20.2', '21.7.3', '22.18.0'])
    t.match(
      nodeProblem(old),
      `this needs Node.js ${wanted} or later, and runs in ${old}: install a newer one`,
      old,
    )
})

void tap.test('inject, check, rehearse and the plugin of kubectl say so, and do nothing', async (t) => {
  const runs = [
    [entry('src'), 'inject', 'web.yaml'],
    [entry('src'), 'check', 'web.yaml'],
    [entry('src'), 'rehearse', '--', 'true'],
    [KUBECTL, 'status'],
  ]
  for (const run of runs)
    t.match(await inOldNode(...run), {
      code: 2,
      err: /^(lastcall|error): this needs Node\.js 22\.19 or later/,
    })
})
