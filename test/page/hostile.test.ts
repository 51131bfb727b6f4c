/** What strangers can do to whom looks at the page: cross-site scripting through requests, forgery from other pages. */
import { createServer, request as requestOf } from 'node:http'
import tap from 'tap'
import { noBrowser, openPage, startBrowser } from '../fixtures/browser.ts'
import { LIVE, startTestAdmin } from '../fixtures/admin.ts'
import { listen } from '../fixtures/listener.ts'
import { until } from '../fixtures/until.ts'

const MARKUP = '<img src=x onerror=alert(1)><script>alert(2)</script>'

void tap.test(
  'cross-site scripting: every text that comes from outside is shown as text',
  { skip: noBrowser },
  async (t) => {
    const { url, view } = await startTestAdmin(t)
    const health = { up: false, kind: MARKUP, lastError: MARKUP }
    view.live = () => ({
      ...LIVE,
      version: MARKUP,
      nowMs: 5000,
      inFlight: [1, 0, 0, 0, 0, 0],
      requests: [{ protocol: 'http1', ageMs: 4000, client: MARKUP, method: MARKUP, target: `/${MARKUP}` }],
      health,
      ports: [{ port: MARKUP, app: MARKUP, inFlight: 1, connections: { client: 1, app: 1 }, health }],
      triggers: [MARKUP],
      verdicts: [
        {
          text: MARKUP,
          endedAt: 0,
          outcome: 'returned',
          drainMs: 1,
          phasesMs: { [MARKUP]: 1 },
          finished: 0,
          cut: 1,
          saved: { inFlight: 0, arrived: 0 },
        },
      ],
    })
    const browser = await startBrowser(t)
    const { page, requests, complaints } = await openPage(browser, `${url}/`)
    const label = page.locator('#bars b')
    await label.waitFor()
    t.equal(await label.textContent(), `${MARKUP} /${MARKUP}`)
    t.equal(await page.locator('#bars em').textContent(), MARKUP)
    t.equal(await page.locator('#ports td').first().textContent(), MARKUP)
    t.match(await page.locator('#where').textContent(), MARKUP)
    t.match(await page.locator('#facts').textContent(), MARKUP)
    t.equal(await page.locator('#drains p').textContent(), MARKUP)
    t.equal(await page.locator('img').count(), 0)
    t.equal(await page.locator('script').count(), 1, 'its own')
    t.same(complaints, [])
    t.same(requests, [`GET ${url}/`, `GET ${url}/status`])
  },
)

void tap.test(
  'the policy: what is injected all the same does not run, and leads nowhere',
  { skip: noBrowser },
  async (t) => {
    const { url } = await startTestAdmin(t)
    const browser = await startBrowser(t)
    const { page } = await openPage(browser, `${url}/`)
    const reached: string[] = []
    page.on('requestfinished', (request) => reached.push(request.url()))
    await page.locator('#command:enabled').waitFor()
    await page.evaluate(async () => {
      const refused = new Set<string>()
      Object.assign(globalThis, { refused })
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
        refused.add(effectiveDirective),
      )
      for (const [tag, name, value] of [
        ['img', 'src', 'http://127.0.0.2:1/x.png'],
        ['iframe', 'src', '/status'],
        ['p', 'style', 'color: red'],
      ] as const) {
        const element = document.createElement(tag)
        element.setAttribute(name, value)
        document.body.append(element)
      }
      document.body.append(document.createElement('style'))
      document.querySelector('body > style')!.textContent = 'body { color: red }'
      await fetch('http://127.0.0.2:1/').catch(() => undefined)
      try {
        document.body.innerHTML = '<b>x</b>'
      } catch {
        refused.add('innerHTML')
      }
    })
    for (const directive of [
      'img-src',
      'style-src-elem',
      'frame-src',
      'style-src-attr',
      'connect-src',
      'innerHTML',
    ])
      await until(directive, () =>
        page.evaluate(
          (name) => (globalThis as unknown as { refused: Set<string> }).refused.has(name),
          directive,
        ),
      )
    t.same(reached, [])
  },
)

void tap.test(
  'cross-site request forgery: another page in the same browser drains nothing',
  { skip: noBrowser },
  async (t) => {
    const { url, admin, asked } = await startTestAdmin(t)
    const evil = createServer((_, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html>'),
    )
    const { port } = await listen(t, evil)
    const browser = await startBrowser(t)
    for (const host of ['127.0.0.1', 'localhost']) {
      const { page } = await openPage(browser, `http://${host}:${port}/`)
      const before = admin.refused['foreign-page']
      await page.evaluate(async (target) => {
        await fetch(`${target}/drain`, { method: 'POST', mode: 'no-cors' }).catch(() => undefined)
        for (const path of ['app', 'sidecar'])
          document.body.append(Object.assign(new Image(), { src: `${target}/prestop/${path}` }))
        const form = Object.assign(document.createElement('form'), {
          method: 'POST',
          action: `${target}/drain`,
        })
        document.body.append(form)
        form.submit()
      }, url)
      await until('all four have been refused', () => admin.refused['foreign-page'] === before + 4)
    }
    t.same(asked, [])
  },
)

void tap.test('the page cannot be framed', { skip: noBrowser }, async (t) => {
  const { url } = await startTestAdmin(t)
  const evil = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end(`<!doctype html><iframe src="${url}/"></iframe>`),
  )
  const { port } = await listen(t, evil)
  const browser = await startBrowser(t)
  const { page, complaints } = await openPage(browser, `http://127.0.0.1:${port}/`)
  await until('it is refused', () => complaints.some((text) => text.includes('frame-ancestors')))
  t.equal(await page.frameLocator('iframe').locator('#command').count(), 0)
})

void tap.test(
  "behind the API server's proxy of pods: the page works below any path, and what it may do is judged by its origin",
  { skip: noBrowser },
  async (t) => {
    const prefix = '/api/v1/namespaces/shop/pods/web-1:9099/proxy'
    const { admin, asked } = await startTestAdmin(t)
    /** What the API server calls itself. */
    let host = '10.96.0.1:443'
    const proxy = createServer((asking, answer) => {
      const { method, headers, url = '' } = asking
      const onward = requestOf(
        { port: admin.port, method, path: url.slice(prefix.length), headers: { ...headers, host } },
        (back) => {
          answer.writeHead(back.statusCode!, back.headers)
          back.pipe(answer)
        },
      )
      answer.on('close', () => onward.destroy())
      onward.on('error', () => answer.destroy())
      asking.pipe(onward)
    })
    const { port } = await listen(t, proxy)
    const browser = await startBrowser(t)
    const url = `http://localhost:${port}${prefix}/`
    const { page, requests, complaints } = await openPage(browser, url)
    await page.locator('#command:enabled').click()
    await until('it drains', () => asked.includes('drain'))
    t.same(requests, [`GET ${url}`, `GET ${url}status`, `POST ${url}drain`])
    t.same(complaints, [])
    host = 'api.cluster.example:6443'
    await page.locator('#command:enabled').click()
    await page.getByText('use lastcall drain, curl, or the page of this port').waitFor()
    t.equal(admin.refused['foreign-page'], 1)
  },
)
