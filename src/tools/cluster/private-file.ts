/** A file for kubectl to read that nobody else may: a patch may hold a token, and all users of a machine see arguments. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Hands the path of a file with this content to `use`; answers or rejects as that does. The file is gone afterwards, and
 * also if the process exits meanwhile, as on a second Ctrl-C.
 */
export async function withPrivateFile<T>(content: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lastcall-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.on('exit', remove)
  try {
    const path = join(folder, 'content')
    writeFileSync(path, content, { mode: 0o600 })
    return await use(path)
  } finally {
    remove()
    process.off('exit', remove)
  }
}
