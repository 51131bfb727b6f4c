/** The page in a real browser, in front of a real lastcall under load: a drain by its button, a resume, and a stop. */
import { createServer } from 'node:http'
import tap from 'tap'
import { answers } from '../../scripts/demo/answers.ts'
import { startLoad } from '../../scripts/demo/load.ts'
import { printAddress } from '../../src/proxy/config/address.ts'
import { PHASES } from '../../src/proxy/lifecycle/state.ts'
import { noBrowser, openPage, startBrowser } from '../fixtures/browser.ts'
import { withDefaults } from '../fixtures/drain.ts'
import { listen } from '../fixtures/listener.ts'
import { startSidecar } from '../fixtures/sidecar.ts'
import { until } from '../fixtures/until.ts'

void tap.test('a whole drain under load', { skip: noBrowser }, async (t) => {
  const app = createServer(answers())
  const { port } = await listen(t, app)
  // Long enough to be seen by a browser on a busy machine.
  const flags = withDefaults(['--settle', '3s', '--quiet', '3s', '--grace-period', '40s'])
  const sidecar = await startSidecar(t, { app: `127.0.0.1:${port}`, flags })
  await sidecar.ready()
  const load = startLoad(printAddress(sidecar.listen), printAddress(sidecar.admin))
  t.teardown(() => load.stop())

  const browser = await startBrowser(t)
  const admin = `http://${printAddress(sidecar.admin)}`
  const { page, requests, complaints } = await openPage(browser, `${admin}/`)
  const lit = () => page.locator('.phase[data-state=lit]').getAttribute('data-phase')
  const heading = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
  const command = page.getByRole('button', { name: /^(Drain|Resume)$/ })
  /** Every phase that was lit, in order. */
  await page.evaluate(() => {
    const seen: string[] = []
    const clock: string[] = []
    Object.assign(globalThis, { seen, clock })
    const look = (): void => {
      const phase = document.querySelector('.phase[data-state=lit]')?.getAttribute('data-phase')
      if (phase !== undefined && phase !== null && seen.at(-1) !== phase) seen.push(phase)
      clock.push(`${phase}: ${document.querySelector('#elapsed')?.textContent}`)
    }
    new MutationObserver(look).observe(document.body, { subtree: true, attributes: true })
    look()
  })
  const seen = () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)

  await heading('Serving')
  t.equal(await lit(), 'serving')
  await page.locator('#bars li').nth(3).waitFor()
  const bar = page.locator('#bars li:not([data-gone])', { hasText: '/rpc/slow' }).first()
  await bar.waitFor()
  const width = () => bar.locator('i').evaluate((element) => element.getBoundingClientRect().width)
  const before = await width()
  await until('a bar grows with the age of its request', async () => (await width()) > before)
  t.match(await page.locator('#marks').textContent(), /3 s\s*settle/)

  await command.click()
  await page.getByText('not ready · asked by an operator').waitFor()
  t.equal(await command.textContent(), 'Resume')
  await heading('Drained')
  // An idle client may come once more, and is told to leave.
  await page.getByText('Nothing.', { exact: true }).waitFor()
  await command.click()
  await heading('Serving')
  t.match(await page.locator('#drains li').textContent(), /0 cutback in service after/)
  await page.locator('#bars li').nth(3).waitFor()
  t.same(await seen(), ['serving', 'settling', 'lame-duck', 'draining', 'drained', 'serving'])

  const told = await page.evaluate(() => (globalThis as unknown as { clock: string[] }).clock)
  t.ok(
    told.some((text) => /^lame-duck: .* without a deadline · quiet for \d\.\d s of 3 s$/.test(text)),
    'the clock tells of the quiet',
  )

  sidecar.signal('SIGTERM')
  await page.getByText('asked by a signal').waitFor()
  t.match(await page.locator('#elapsed').textContent(), /^\d+\.\d s of 40 s/)
  await until('the drain is final', () => command.isHidden())
  await page.getByText('This stop cannot be taken back.').waitFor()
  const drained = () => sidecar.logs.filter(({ msg }) => msg.startsWith('phase: draining -> drained'))
  await until('drained again', () => drained().length === 2, 30_000)
  app.close()
  t.equal((await sidecar.end(10_000)).code, 0, 'the page delays no exit')
  await heading('Exited')
  t.equal(await page.locator('#link').textContent(), 'ended')
  t.match(await page.locator('#drains li').first().textContent(), /drained in/)
  const all = new Set(await seen())
  t.same(
    PHASES.filter((phase) => !all.has(phase) && phase !== 'starting' && phase !== 'exiting'),
    [],
    'each phase is lit that lasts for a moment',
  )

  t.same(complaints, [], 'the console is quiet')
  t.same(
    new Set(requests),
    new Set([`GET ${admin}/`, `GET ${admin}/status`, `POST ${admin}/drain`, `POST ${admin}/resume`]),
  )
  t.equal(load.failed, 0)
})
