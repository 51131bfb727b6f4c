/**
 * `npm start`: lastcall in front of the bundled demo app with a few clients, or of a real app with `--app host:port` and
 * without them, on free ports. Plays the kubelet's part at the end: SIGTERM to lastcall, and to the demo app once lastcall's log says that it is drained.
 * All flags are lastcall's own and pass through.
 */
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from './child.ts'
import { type Load, startLoad } from './load.ts'
import { invitation, parse, PHASES, readable } from './text.ts'

const DIST = new URL('../../dist/', import.meta.url)
const flags = process.argv.slice(2)

const given = (flag: string) => flags.some((text) => text === flag || text.startsWith(`${flag}=`))
const say = (who: string, text: string) => console.log(`${`${who}:`.padEnd(10)}${text}`)

/** Starts the demo app; resolves with it and the host:port where it listens. */
async function startApp(): Promise<{ child: Child; place: string }> {
  const place = Promise.withResolvers<string>()
  const child = startChild(fileURLToPath(new URL('app.ts', import.meta.url)), ['127.0.0.1:0'], (text) => {
    say('app', text)
    const found = / listens on (\S+)$/.exec(text)?.[1]
    if (found !== undefined) place.resolve(found)
  })
  void child.ended.then((code) =>
    place.reject(new Error(`the demo app ended with ${code} before it listened`)),
  )
  return { child, place: await place.promise }
}

async function main(): Promise<number> {
  const app = given('--app') ? undefined : await startApp()
  let phase = ''
  let asked = 0
  let load: Load | undefined

  const placed = ['--listen', '--admin'].flatMap((flag) => (given(flag) ? [] : [flag, '127.0.0.1:0']))
  const behind = app === undefined ? [] : ['--app', app.place]
  const script = fileURLToPath(new URL('cli.js', DIST))
  const sidecar = startChild(script, [...placed, ...behind, ...flags], heard)

  function heard(text: string): void {
    say('lastcall', readable(text))
    const fields = parse(text)
    if (String(fields?.['msg']).startsWith('listening')) {
      const { listen, admin } = fields as { listen: string; admin: string }
      console.log(invitation({ traffic: listen, admin, demo: app !== undefined }))
      if (app !== undefined) load = startLoad(listen, admin)
    }
    if (typeof fields?.['phase'] === 'string') entered(fields['phase'])
  }

  function entered(name: string): void {
    phase = name
    const meaning = PHASES[name]
    if (meaning !== undefined) say('phase', `${name}: ${meaning}`)
    if (asked > 0 && name === 'drained') app?.child.signal('SIGTERM')
  }

  const stop = () => {
    asked += 1
    sidecar.signal('SIGTERM') // the second one ends it at once
    if (asked > 1) return app?.child.signal('SIGKILL')
    console.log('\nstopping: the kubelet would send SIGTERM now, or call the hooks\n')
    if (phase === 'drained') app?.child.signal('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

  const code = await sidecar.ended
  load?.stop()
  if (load !== undefined) say('clients', `${load.sent} requests, ${load.failed} failed`)
  app?.child.signal('SIGTERM')
  await app?.child.ended
  return code
}

process.exitCode = await main()
