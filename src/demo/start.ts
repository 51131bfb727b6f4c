/**
 * `npm start`: lastcall in front of the bundled demo app, or of a real one with `--app host:port`, on free ports. Plays
 * the kubelet's part at the end: SIGTERM to lastcall, and to the demo app once lastcall says that it is drained. All
 * flags are lastcall's own and pass through.
 */
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from './child.ts'
import { invitation, parse, PHASES, readable } from './text.ts'

const LOOK_MS = 50
const DIST = new URL('../../dist/', import.meta.url)
const flags = process.argv.slice(2)

const given = (flag: string) => flags.some((text) => text === flag || text.startsWith(`${flag}=`))
const say = (who: string, text: string) => console.log(`${`${who}:`.padEnd(10)}${text}`)

/** Starts the demo app; resolves with it and the host:port where it listens. */
async function startApp(): Promise<{ child: Child; place: string }> {
  const place = Promise.withResolvers<string>()
  const child = startChild(fileURLToPath(new URL('demo/app.js', DIST)), ['127.0.0.1:0'], (text) => {
    say('app', text)
    const found = / listens on (\S+)$/.exec(text)?.[1]
    if (found !== undefined) place.resolve(found)
  })
  void child.ended.then((code) =>
    place.reject(new Error(`the demo app ended with ${code} before it listened`)),
  )
  return { child, place: await place.promise }
}

/** Looks at `/status` until the process ends, and tells each phase once. */
async function follow(admin: string, entered: (phase: string) => void): Promise<void> {
  let last = 'serving'
  for (;;) {
    try {
      const response = await fetch(`http://${admin}/status`)
      const { phase } = (await response.json()) as { phase: string }
      if (phase !== last) entered(phase)
      last = phase
    } catch {
      return // it has ended
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

async function main(): Promise<number> {
  const app = given('--app') ? undefined : await startApp()
  let admin: string | undefined

  const placed = ['--listen', '--admin'].flatMap((flag) => (given(flag) ? [] : [flag, '127.0.0.1:0']))
  const behind = app === undefined ? [] : ['--app', app.place]
  const sidecar = startChild(
    fileURLToPath(new URL('cli.js', DIST)),
    [...placed, ...behind, ...flags],
    (text) => {
      say('lastcall', readable(text))
      const fields = parse(text)
      if (admin !== undefined || !String(fields?.['msg']).startsWith('listening')) return
      admin = String(fields?.['admin'])
      console.log(invitation({ traffic: String(fields?.['listen']), admin, demo: app !== undefined }))
    },
  )

  let asked = 0
  const stop = () => {
    asked += 1
    sidecar.signal('SIGTERM') // the second one ends it at once
    if (asked > 1) app?.child.signal('SIGKILL')
    if (asked > 1 || admin === undefined) return
    console.log('\nstopping: the kubelet would send SIGTERM now, or call the hooks\n')
    void follow(admin, (phase) => {
      say('phase', `${phase}: ${PHASES[phase] ?? ''}`)
      if (phase === 'drained') app?.child.signal('SIGTERM')
    })
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

  const code = await sidecar.ended
  app?.child.signal('SIGTERM')
  await app?.child.ended
  return code
}

process.exitCode = await main()
