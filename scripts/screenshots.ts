/**
 * `npm run docs:screenshots`: the page of the admin port in docs/page/*.png, taken in chromium in front of the demo: a
 * drain that is taken back, then a stop, phase by phase. Needs dist (npm run build) and chromium; takes a minute.
 * Not part of `npm run docs`: two pictures are never the same.
 */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { type Child, startChild } from './demo/child.ts'
import { startLoad } from './demo/load.ts'
import { parse } from './demo/text.ts'

const FOLDER = fileURLToPath(new URL('../docs/page/', import.meta.url))
const WIDE = { width: 1200, height: 900 }
const URL_OF_PAGE = 'http://127.0.0.1:9099/'
const TELEPHONE = { width: 390, height: 844 }

/** Starts a program of ours; resolves when a line of it has what is looked for. */
async function start<Found>(
  script: string,
  args: readonly string[],
  look: (line: string) => Found | undefined,
): Promise<{ child: Child; found: Found }> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>()
  const child = startChild(fileURLToPath(new URL(script, import.meta.url)), args, (line) => {
    const found = look(line)
    if (found !== undefined) resolve(found)
  })
  void child.ended.then((code) => reject(new Error(`${script} ended with ${code}`)))
  return { child, found: await promise }
}

interface Picture {
  readonly name: string
  readonly phase: string
  /** How far into the phase. */
  readonly afterMs: number
  readonly viewport?: typeof WIDE
  readonly dark?: boolean
}

/** A page that stands still at that moment, as taking a picture takes longer than some phases last. */
async function open(browser: Browser, picture: Picture): Promise<() => Promise<void>> {
  const { name, viewport = WIDE, dark = false } = picture
  const page = await browser.newPage({
    viewport,
    colorScheme: dark ? 'dark' : 'light',
    deviceScaleFactor: viewport === TELEPHONE ? 2 : 1.5,
  })
  await page.addInitScript(`(${standStill.toString()})(${JSON.stringify(picture)})`)
  await page.goto(URL_OF_PAGE)
  return async () => {
    await page.locator('html[data-still]').waitFor({ timeout: 60_000 })
    const path = `${FOLDER}${name}.png`
    await page.screenshot({ path, fullPage: true })
    console.log(path)
    await page.close()
  }
}

/** Runs in the page, before its own script: from that moment on it gets no events, and draws nothing. */
function standStill({ phase, afterMs }: Picture): void {
  const world = globalThis as unknown as {
    still?: boolean
    requestAnimationFrame(run: (at: number) => void): number
    EventSource: {
      prototype: { addEventListener: (this: unknown, name: string, run: (event: unknown) => void) => void }
    }
    document: { title: string; documentElement: { dataset: Record<string, string> } }
  }
  const frame = world.requestAnimationFrame.bind(world)
  world.requestAnimationFrame = (run) => frame((at) => void (world.still === true || run(at)))
  const { prototype } = world.EventSource
  const listen = prototype.addEventListener
  prototype.addEventListener = function add(name, run) {
    listen.call(this, name, (event) => {
      if (world.still === true) return
      run(event)
      if (world.document.title.startsWith(phase))
        setTimeout(() => {
          world.still = true
          world.document.documentElement.dataset['still'] = ''
        }, afterMs)
    })
  }
}

/** The operator's drain, and the stop. */
const drains = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
const drained = drains[1]!
mkdirSync(FOLDER, { recursive: true })
const app = await start('demo/app.ts', ['127.0.0.1:0'], (line) => / listens on (\S+)$/.exec(line)?.[1])
const places = ['--listen', '127.0.0.1:0', '--admin', '127.0.0.1:9099']
const sidecar = await start('../dist/cli.js', [...places, '--app', app.found], (line) => {
  const fields = parse(line)
  if (String(fields?.['msg']).startsWith('phase: draining -> drained')) drains.shift()?.resolve()
  return String(fields?.['msg']).startsWith('listening') ? String(fields?.['listen']) : undefined
})
const load = startLoad(sidecar.found, '127.0.0.1:9099')
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const operator = await browser.newPage()
  await operator.goto(URL_OF_PAGE)
  await operator.waitForTimeout(9000)
  await operator.getByRole('button', { name: 'Drain' }).click()
  await operator.locator('html[data-phase="drained"]').waitFor({ timeout: 60_000 })
  await operator.getByRole('button', { name: 'Resume' }).click()
  await operator.close()
  const serving = await open(browser, { name: 'serving', phase: 'serving', afterMs: 9000 })
  await serving()
  const rest = [
    await open(browser, { name: 'lame-duck', phase: 'lame-duck', afterMs: 1200 }),
    await open(browser, { name: 'draining', phase: 'draining', afterMs: 800, dark: true }),
    await open(browser, { name: 'telephone', phase: 'draining', afterMs: 900, viewport: TELEPHONE }),
    await open(browser, { name: 'exited', phase: 'exited', afterMs: 800 }),
  ]
  sidecar.child.signal('SIGTERM')
  await drained.promise
  app.child.signal('SIGTERM')
  for (const shoot of rest) await shoot()
} finally {
  load.stop()
  await browser.close()
  app.child.signal('SIGTERM')
  sidecar.child.signal('SIGKILL')
}
