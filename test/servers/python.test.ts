/** Python's http.server behind lastcall answers as it does alone: bodies until close in HTTP/1.0, 501 for a POST. */
import tap from 'tap'
import { FILE_TEXT, FILE_TIME, sameAnswers } from '../fixtures/exchanges.ts'
import { file, folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { startProgram } from '../fixtures/program.ts'
import { accepting, startSidecar } from '../fixtures/sidecar.ts'

const python = installed('python3')

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
    await sameAnswers(t, direct, sidecar.listen)
  })
}
