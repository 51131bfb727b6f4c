/** The button where a token is required, by keyboard alone: asked for each time, kept nowhere. */
import tap from 'tap'
import { noBrowser, openPage, startBrowser } from '../fixtures/browser.ts'
import { startTestAdmin, LIVE } from '../fixtures/admin.ts'
import { until } from '../fixtures/until.ts'

const TOKEN = 'correct horse'

void tap.test('drains by keyboard with the token, which leaves no trace', { skip: noBrowser }, async (t) => {
  const { url, asked, view, admin } = await startTestAdmin(t, { token: TOKEN })
  view.live = () => ({ ...LIVE, guarded: true })
  const browser = await startBrowser(t)
  const { page, requests, complaints } = await openPage(browser, `${url}/`)
  const commands = () => asked.filter((one) => one === 'drain' || one === 'resume')
  await page.locator('#command:enabled').waitFor()
  await page.keyboard.press('Tab')
  t.equal(await page.evaluate(() => document.activeElement?.id), 'command')
  await page.keyboard.press('Enter')
  const input = page.getByLabel('The value of --token')
  await input.waitFor()
  t.equal(await page.evaluate(() => document.activeElement?.id), 'token', 'the field has the focus')
  t.equal(await input.getAttribute('type'), 'password')
  t.equal(await input.getAttribute('autocomplete'), 'off')
  t.same(
    requests.filter((one) => one.startsWith('POST')),
    [],
    'nothing is sent before there is a token',
  )

  await page.keyboard.type('wrong')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'This is not the token.' }).waitFor()
  t.equal(await input.inputValue(), '', 'the field is empty again')
  t.same(commands(), [])
  t.equal(admin.refused.token, 1)

  await page.keyboard.type(TOKEN)
  await page.keyboard.press('Enter')
  await until('it drains', () => commands().length > 0)
  t.same(commands(), ['drain'])
  await until('the dialog is closed', async () => !(await page.locator('#ask').isVisible()))

  view.live = () => ({ ...LIVE, guarded: true, phase: 'settling' })
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  await page.keyboard.press('Enter')
  await input.waitFor()
  t.equal(await input.inputValue(), '', 'the next call asks again')
  await page.keyboard.press('Escape')
  await until('Escape closes it', async () => !(await page.locator('#ask').isVisible()))
  t.same(commands(), ['drain'])

  const traces = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    cookies: document.cookie,
    address: location.href,
    values: [...document.querySelectorAll('input')].map(({ value }) => value).join(''),
    markup: document.documentElement.outerHTML,
  }))
  t.equal(traces.local + traces.session + traces.databases, 0)
  t.equal(traces.cookies + traces.values, '')
  t.equal(traces.address, `${url}/`)
  t.notMatch(traces.markup, TOKEN)
  t.notOk(requests.some((one) => one.includes('correct')))
  t.same(
    complaints.filter((text) => !text.includes('401')),
    [],
  )
})

void tap.test('what the answer says is shown, as text', { skip: noBrowser }, async (t) => {
  const { url, view } = await startTestAdmin(t, {
    commands: {
      hook: () => Promise.resolve(),
      drain: () => 'settling',
      resume: () => ({ ok: false, phase: 'draining' }),
      watched: () => undefined,
    },
  })
  view.live = () => ({ ...LIVE, phase: 'draining' })
  const browser = await startBrowser(t)
  const { page } = await openPage(browser, `${url}/`)
  await page.locator('#command:enabled').click()
  await page.getByText('The pod stops: this drain cannot be taken back.').waitFor()
})
