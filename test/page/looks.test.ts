/** The page on a telephone, in light and dark, for eyes and hands that differ; and that a hidden page costs nothing. */
import tap from 'tap'
import { noBrowser, openPage, startBrowser } from '../fixtures/browser.ts'
import { LIVE, startTestAdmin } from '../fixtures/admin.ts'
import { until } from '../fixtures/until.ts'
import type { LiveInput } from '../../src/proxy/admin/live.ts'
import { PHASES } from '../../src/proxy/lifecycle/state.ts'

const BUSY: LiveInput = {
  ...LIVE,
  nowMs: 60_000,
  phase: 'lame-duck',
  triggers: ['app', 'sidecar', 'signal'],
  inFlight: [500, 3, 2, 0, 1, 4],
  requests: Array.from({ length: 40 }, (_, i) => ({
    protocol: (['http1', 'http2', 'websocket', 'opaque', 'tcp'] as const)[i % 5]!,
    ageMs: 1000 * (40 - i),
    client: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff',
    method: 'GET',
    target: `/a/${'very-long-name/'.repeat(20)}`,
  })),
  connections: { client: 12_345, app: 12_345 },
  drain: {
    beganAt: 50_000,
    clockAt: 50_000,
    quietFrom: 59_000,
    phases: [
      ['settling', 50_000],
      ['lame-duck', 53_000],
    ],
  },
}

void tap.test(
  '390 pixels: nothing is wider, everything that is pressed is large enough',
  { skip: noBrowser },
  async (t) => {
    const { url, view } = await startTestAdmin(t)
    view.live = () => BUSY
    const browser = await startBrowser(t)
    const { page, complaints } = await openPage(browser, `${url}/`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    })
    await page.locator('#bars li').nth(11).waitFor()
    t.equal(await page.locator('#bars li').count(), 12, 'a bounded number of bars')
    t.equal(await page.locator('#more').textContent(), 'and 498 more')
    t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
    const boxes = await page
      .locator('button:visible')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().height))
    for (const height of boxes) t.ok(height >= 44, `${height}`)
    t.same(complaints, [])
  },
)

for (const colorScheme of ['light', 'dark'] as const)
  void tap.test(`${colorScheme}: texts have contrast in every phase`, { skip: noBrowser }, async (t) => {
    const { url } = await startTestAdmin(t)
    const browser = await startBrowser(t)
    const { page } = await openPage(browser, `${url}/`, { colorScheme, reducedMotion: 'reduce' })
    await page.locator('#command:enabled').waitFor()
    const contrasts = await page.evaluate((phases) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
      const context = canvas.getContext('2d', { willReadFrequently: true })!
      const luminance = (color: string): number => {
        context.fillStyle = color
        context.fillRect(0, 0, 1, 1)
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
          const part = byte / 255
          return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
      }
      const ratio = (one: string, other: string): number => {
        const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
        return (light! + 0.05) / (dark! + 0.05)
      }
      const [body, heading, text, soft, button] = ['body', 'h1', '#meaning', '#facts', '#command'].map(
        (selector) => getComputedStyle(document.querySelector(selector)!),
      )
      return phases.map((phase) => {
        document.documentElement.dataset['phase'] = phase
        return {
          phase,
          heading: ratio(heading!.color, body!.backgroundColor),
          text: ratio(text!.color, body!.backgroundColor),
          soft: ratio(soft!.color, body!.backgroundColor),
          button: ratio(button!.color, button!.backgroundColor),
        }
      })
    }, PHASES)
    for (const { phase, heading, text, soft, button } of contrasts) {
      t.ok(Math.min(heading, soft, button) >= 4.5, `${phase}: ${[heading, soft, button].join(', ')}`)
      t.ok(text >= 7, phase)
    }
    t.equal(
      await page.locator('h1').evaluate((element) => getComputedStyle(element).transitionDuration),
      '0s',
    )
  })

void tap.test(
  'a hidden page closes its stream, and opens it again when it is visible',
  { skip: noBrowser },
  async (t) => {
    const { url, asked } = await startTestAdmin(t)
    const browser = await startBrowser(t)
    const { page } = await openPage(browser, `${url}/`)
    await page.locator('#command:enabled').waitFor()
    t.same(asked, ['watched'])
    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await hide(true)
    await until('nobody watches', () => asked.length === 2)
    await hide(false)
    await until('somebody watches', () => asked.length === 3)
    t.same(asked, ['watched', 'unwatched', 'watched'])
  },
)
