/** The workflows of .github: actions are pinned, rights are few, and every script that they call exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { parse } from 'yaml'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDER = join(ROOT, '.github/workflows')
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}

interface Workflow {
  readonly permissions?: Record<string, string>
  readonly defaults?: { readonly run?: { readonly shell?: string } }
  readonly jobs: Record<
    string,
    {
      readonly 'timeout-minutes'?: number
      readonly steps: readonly { readonly uses?: string; readonly run?: string }[]
    }
  >
}

for (const name of readdirSync(FOLDER))
  void tap.test(name, async (t) => {
    const text = readFileSync(join(FOLDER, name), 'utf8')
    const workflow = parse(text) as Workflow
    t.same(workflow.permissions, { contents: 'read' }, 'a job asks for more by itself')
    t.equal(workflow.defaults?.run?.shell, 'bash', 'a pipe fails if any of its commands does')
    for (const [job, { steps, ...rest }] of Object.entries(workflow.jobs)) {
      t.ok(rest['timeout-minutes'], `${job} ends some time`)
      for (const { uses, run = '' } of steps) {
        if (uses !== undefined) {
          t.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, `${uses} is pinned to a commit`)
          t.match(text, new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+\\n`), `${uses} says its version`)
        }
        for (const [, script = ''] of run.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g))
          t.ok(Object.hasOwn(scripts, script), `npm run ${script} exists`)
        for (const [path] of run.matchAll(/(?<![\w/."-])(?:\.ci|images)\/\w+/g))
          t.ok(existsSync(join(ROOT, path)), `${path} exists`)
        t.notMatch(run, /\$\{\{/, `${job}: nothing is pasted into a script; it comes by env`)
      }
    }
  })
