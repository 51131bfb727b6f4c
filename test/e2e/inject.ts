/** Lastcall into manifests by the user's own way: the command `lastcall inject`, run from the sources. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { hear } from './child.ts'
import { type Form, type Images, type Part, withPullPolicy } from './objects.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

/** The objects with lastcall in the given form; `options` are lastcall's. Rejects with the reason of a refusal. */
export async function injected(
  objects: readonly Part[],
  form: Form,
  images: Images,
  options: readonly string[],
): Promise<readonly Part[]> {
  if (form === 'bare') return objects
  const args = [CLI, 'inject', '--mode', form, '--image', images.lastcall, ...options]
  const child = spawn(process.execPath, args, { stdio: 'pipe' })
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
  const { out, errors, code } = await hear(child, list)
  if (code !== 0) throw new Error(errors.trim())
  return withPullPolicy((JSON.parse(out) as { items: Part[] }).items, images.pullPolicy)
}
