/**
 * PostgREST with a database of its own, as objects. Its official image is used as it is; the database is the official
 * image of PostgreSQL (Debian's, whose user has the number 999), its data gone with the pod. Pure.
 */
import { app, own, type Images, type Part } from './objects.ts'

export const POSTGREST = 'postgrest'
export const DATABASE = 'postgres'
/** What the clients GET and POST. */
export const POSTGREST_CLIENT = ['--path', '/items?limit=10', '--post', '/items']

const PORT = 5432
const DATABASE_USER = 999
const SCHEMA = `
  create role anon nologin;
  create role authenticator noinherit login;
  grant anon to authenticator;
  create table items (id text);
  grant usage on schema public to anon;
  grant select, insert on items to anon;
`

/** The database: a Deployment, a Service and a ConfigMap. */
export function database(image: string, images: Images): Part[] {
  const labels = { ...own, app: DATABASE }
  const [deployment, service] = app(
    DATABASE,
    {
      image,
      imagePullPolicy: images.pullPolicy,
      env: [
        { name: 'POSTGRES_HOST_AUTH_METHOD', value: 'trust' },
        { name: 'PGDATA', value: '/data/database' },
      ],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      // While the schema is made, it listens on its Unix socket only.
      readinessProbe: { tcpSocket: { port: PORT }, periodSeconds: 2 },
      volumeMounts: [
        { name: 'schema', mountPath: '/docker-entrypoint-initdb.d' },
        { name: 'data', mountPath: '/data' },
      ],
    },
    PORT,
    1,
  ) as [Part, Part]
  const { template } = deployment['spec'] as { template: { spec: Part } }
  template.spec['securityContext'] = {
    runAsUser: DATABASE_USER,
    runAsGroup: DATABASE_USER,
    fsGroup: DATABASE_USER,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  }
  template.spec['volumes'] = [
    { name: 'schema', configMap: { name: DATABASE } },
    { name: 'data', emptyDir: {} },
  ]
  service['spec'] = { selector: labels, ports: [{ port: PORT, targetPort: PORT }] }
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: DATABASE, labels },
    data: { 'schema.sql': SCHEMA },
  }
  return [configMap, service, deployment]
}

/** PostgREST as its users deploy it, without lastcall; `databaseHost`: an address. */
export function postgrest(image: string, images: Images, databaseHost: string, replicas: number): Part[] {
  const container = {
    image,
    imagePullPolicy: images.pullPolicy,
    ports: [{ containerPort: 3000 }],
    env: [
      { name: 'PGRST_SERVER_PORT', value: '3000' },
      { name: 'PGRST_ADMIN_SERVER_PORT', value: '3001' },
      { name: 'PGRST_DB_SCHEMAS', value: 'public' },
      { name: 'PGRST_DB_ANON_ROLE', value: 'anon' },
      { name: 'PGRST_DB_URI', value: `postgres://authenticator@${databaseHost}:${PORT}/postgres` },
    ],
    readinessProbe: { httpGet: { port: 3001, path: '/ready' }, periodSeconds: 2 },
  }
  return app(POSTGREST, container, 3000, replicas)
}
