/** Python's http.server behind lastcall answers as it does alone: bodies until close in HTTP/1.0, 501 for a POST. */
import tap from 'tap'
import { FILE_TEXT, FILE_TIME, sameAnswers } from '../fixtures/exchanges.ts'
import { file, folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { startProgram } from '../fixtures/program.ts'
import { accepting, startSidecar } from '../fixtures/sidecar.ts'

const python = installed('python3')

/**
 * RFC 9112 §9.3: a proxy must not keep a connection with an HTTP/1.0 client (here: unless the answer says keep-alive).
 * In HTTP/1.1, http.server keeps it without saying so.
 */
const SILENT_KEEP_ALIVE = {
  'GET in HTTP/1.0 that asks to keep alive': {
    why: 'closed, as none agreed to keep it',
    answers: 1,
    end: 'fin',
  },
} as const

for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
  await tap.test(`Python's http.server, ${version}`, { skip: missing(python, 'python3') }, async (t) => {
    const home = folder(t)
    const port = await freePort()
    file(home, 'file.txt', FILE_TEXT, FILE_TIME)
    startProgram(t, {
      command: python!,
      args: ['-m', 'http.server', '--protocol', version, '--bind', '127.0.0.1', '-d', home, String(port)],
    })
    const direct = { host: '127.0.0.1', port }
    await accepting(direct)

    const sidecar = await startSidecar(t, { app: `127.0.0.1:${port}` })
    await sidecar.ready()
    await sameAnswers(t, direct, sidecar.listen, version === 'HTTP/1.1' ? SILENT_KEEP_ALIVE : {})
  })
}
