/**
 * The archive of the kubectl plugin, as krew installs it, as a program:
 *   npm run krew -- FOLDER
 * writes FOLDER/kubectl-lastcall.tar.gz and FOLDER/lastcall.yaml, the manifest with the archive's sha256. The archive has
 * dist, the one package that the plugin loads, and a launcher that starts Node: krew wants a program, and installs no
 * Node. The same input gives the same bytes.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const ARCHIVE = 'kubectl-lastcall.tar.gz'
const MANIFEST = 'k8s/krew/lastcall.yaml'
/** What the plugin loads beside its own files. */
const PACKAGES = ['yaml']
/** What only other commands need. */
const LEFT_OUT = ['dist/tools/rehearsal']

/** krew links to it, so it has to find out where it is itself. */
function launcher(engines: string): string {
  const [major, minor] = engines.split('.')
  return `#!/bin/sh
# kubectl lastcall, started by Node.js: ${engines} or later, from the PATH.
file=$0
while [ -L "$file" ]; do
  link=$(readlink "$file")
  case $link in
  /*) file=$link ;;
  *) file=$(dirname "$file")/$link ;;
  esac
done
if ! command -v node >/dev/null 2>&1; then
  echo 'kubectl lastcall: needs Node.js ${engines} or later, and finds no node in the PATH (https://nodejs.org)' >&2
  exit 1
fi
if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > ${major} || (+a === ${major} && +b >= ${minor}) ? 0 : 1)'; then
  echo "kubectl lastcall: needs Node.js ${engines} or later; the node in the PATH is $(node --version)" >&2
  exit 1
fi
exec node "$(dirname "$file")/dist/kubectl.js" "$@"
`
}

function archive(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'lastcall-krew-'))
  try {
    for (const path of ['dist', 'package.json', 'LICENSE', ...PACKAGES.map((name) => `node_modules/${name}`)])
      cpSync(join(ROOT, path), join(folder, path), { recursive: true, dereference: true })
    for (const path of LEFT_OUT) rmSync(join(folder, path), { recursive: true })
    const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      engines: { node: string }
    }
    writeFileSync(join(folder, 'kubectl-lastcall'), launcher(engines.node.replace('>=', '')), { mode: 0o755 })
    const same = [
      '--sort=name',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--mode=u=rwX,go=rX',
    ]
    return gzipSync(execFileSync('tar', [...same, '-C', folder, '-cf', '-', '.'], { maxBuffer: 2 ** 28 }), {
      level: 9,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const [out] = process.argv.slice(2)
if (out === undefined) {
  console.error('Name the folder for the archive and the manifest.')
  process.exitCode = 2
} else {
  mkdirSync(out, { recursive: true })
  const bytes = archive()
  writeFileSync(join(out, ARCHIVE), bytes)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const manifest = readFileSync(join(ROOT, MANIFEST), 'utf8').replace(
    /(?<=sha256: ")[0-9a-f]{64}(?=")/,
    sha256,
  )
  // What the file says of itself holds for the one in the repository only.
  writeFileSync(join(out, 'lastcall.yaml'), manifest.replace(/^(?:#.*\n)+/, ''))
  console.log(`${join(out, ARCHIVE)}: ${bytes.length} bytes, sha256 ${sha256}`)
}
