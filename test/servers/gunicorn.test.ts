/**
 * gunicorn with a small WSGI app behind lastcall answers as it does alone, with each of the two workers that are used
 * most: sync closes after each answer, gthread keeps connections alive.
 */
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { FILE_TEXT, FILE_TIME, forwardedFor, sameAnswers } from '../fixtures/exchanges.ts'
import { file, folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { startProgram } from '../fixtures/program.ts'
import { startSidecar } from '../fixtures/sidecar.ts'

const gunicorn = installed('gunicorn')
const apps = fileURLToPath(new URL('../fixtures/', import.meta.url))

const WORKERS = { sync: [], gthread: ['--threads', '4'] }
/** The worker forgets what it has read of the next request, and closes. lastcall shows it one at a time. */
const PIPELINED = {
  'two GETs in one packet': { why: 'gthread loses the second when it is pipelined', answers: 2, end: 'open' },
} as const

for (const [worker, threads] of Object.entries(WORKERS)) {
  await tap.test(`gunicorn, ${worker}`, { skip: missing(gunicorn, 'gunicorn') }, async (t) => {
    const home = folder(t)
    file(home, 'file.txt', FILE_TEXT, FILE_TIME)
    const server = startProgram(t, {
      command: gunicorn!,
      args: ['--bind', '127.0.0.1:0', '--worker-class', worker, ...threads, '--chdir', apps, 'wsgi:app'],
      env: { ...process.env, FILE: `${home}/file.txt`, PYTHONDONTWRITEBYTECODE: '1' },
    })
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(await server.line(/Listening at/))![1])

    const sidecar = await startSidecar(t, { app: `127.0.0.1:${port}` })
    await sidecar.ready()
    await sameAnswers(t, { host: '127.0.0.1', port }, sidecar.listen, worker === 'gthread' ? PIPELINED : {})
    await forwardedFor(t, sidecar.listen)
  })
}
