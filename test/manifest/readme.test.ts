/** The lines that k8s/README.md tells people to add by hand are those that inject adds. */
import { existsSync } from 'node:fs'
import tap from 'tap'
import { parse } from 'yaml'
import { found, injected, input, manifest } from '../fixtures/manifest.ts'

type Lines = Readonly<Record<string, unknown>>

const README = manifest('README.md')

function block(name: string): Lines {
  const [, lines = ''] = new RegExp(`<!-- ${name} -->\\n\`\`\`yaml\\n(.*?)\`\`\``, 's').exec(README) ?? []
  return parse(lines) as Lines
}

/** An app on port 3000, as small as the walk begins. */
const APP = `kind: Deployment
apiVersion: apps/v1
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: ghcr.io/example/web:1
---
kind: Service
apiVersion: v1
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 3000 }] }
`

for (const mode of ['native', 'plain'] as const) {
  void tap.test(`by hand, ${mode}, is what inject makes`, async (t) => {
    const [deployment, service] = input(APP).objects.map(({ value }) => value as unknown) as [Lines, Lines]
    const { spec } = deployment as unknown as { spec: { template: { spec: { containers: Lines[] } } } }
    const lines = block(mode)
    const app = { ...spec.template.spec.containers[0], ...block('hook') }
    const containers = [...((lines['containers'] as Lines[] | undefined) ?? []), app]
    const pod = { ...lines, containers }
    const byHand = { ...deployment, spec: { ...spec, template: { ...spec.template, spec: pod } } }
    const sent = {
      ...service,
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    }
    t.same(found(JSON.stringify(byHand), JSON.stringify(sent)), [])
    const made = input(injected(APP, '--mode', mode, '--token=change-me')).objects.map(({ value }) => value)
    t.same([byHand, sent], withoutNotes(made))
  })
}

function withoutNotes(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (key === 'annotations' ? undefined : inner)),
  )
}

void tap.test('what it links to is there', async (t) => {
  const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, path = '']) => path)
  t.ok(links.length > 10)
  for (const path of links) t.ok(existsSync(new URL(`../../k8s/${path}`, import.meta.url)), path)
})
