/**
 * THE TABLE of servers whose listening address can be configured: by which variable or flag, and the source for it. A row
 * is used only if the manifest itself shows that the server is there: by its image, by the program in its command, or
 * because the manifest already sets the variable. Each row was compared in November 2026 with the server's documentation
 * or source, or, if that was not available, with its use in public projects. Data only; bind.ts uses it.
 */

export interface Server {
  readonly server: string
  /** The documentation of the setting. */
  readonly source: string
  /** The end of its image's name, which alone identifies the server. */
  readonly image?: RegExp
  /** The program in the command line that accepts these flags. */
  readonly program?: RegExp
  readonly flags?: readonly string[]
  readonly variables?: readonly string[]
  /** If the image identifies the server and the variable is not set, it listens on all addresses: it may be set. */
  readonly unsaid?: true
  /** The variable holds a command line with these flags. */
  readonly holdsFlags?: true
  /** The setting also moves other ports of the process. */
  readonly all?: true
}

export const SERVERS: readonly Server[] = [
  {
    server: 'PostgREST',
    source: 'https://docs.postgrest.org/en/stable/references/configuration.html#server-host',
    image: /(^|\/)postgrest$/,
    variables: ['PGRST_SERVER_HOST'],
    unsaid: true,
    all: true,
  },
  {
    server: 'Gunicorn',
    source: 'https://docs.gunicorn.org/en/stable/settings.html#bind',
    program: /^gunicorn$/,
    flags: ['--bind', '-b'],
    variables: ['GUNICORN_CMD_ARGS'],
    holdsFlags: true,
  },
  {
    server: 'Uvicorn',
    source: 'https://www.uvicorn.org/settings/',
    program: /^uvicorn$/,
    flags: ['--host'],
    variables: ['UVICORN_HOST'],
  },
  {
    server: 'FastAPI CLI',
    source: 'https://fastapi.tiangolo.com/fastapi-cli/',
    program: /^fastapi$/,
    flags: ['--host'],
  },
  {
    server: 'Hypercorn',
    source: 'https://hypercorn.readthedocs.io/en/latest/how_to_guides/binds.html',
    program: /^hypercorn$/,
    flags: ['--bind', '-b'],
  },
  {
    server: 'Daphne',
    source: 'https://github.com/django/daphne#running',
    program: /^daphne$/,
    flags: ['--bind', '-b'],
  },
  {
    server: 'Flask',
    source: 'https://flask.palletsprojects.com/en/stable/cli/',
    program: /^flask$/,
    flags: ['--host', '-h'],
    variables: ['FLASK_RUN_HOST'],
  },
  {
    server: 'Waitress',
    source: 'https://docs.pylonsproject.org/projects/waitress/en/stable/runner.html',
    program: /^waitress-serve$/,
    flags: ['--listen', '--host'],
  },
  {
    server: 'Python http.server',
    source: 'https://docs.python.org/3/library/http.server.html',
    program: /^http\.server$/,
    flags: ['--bind', '-b'],
  },
  {
    server: 'Streamlit',
    source: 'https://docs.streamlit.io/develop/api-reference/configuration/config.toml',
    program: /^streamlit$/,
    flags: ['--server.address'],
    variables: ['STREAMLIT_SERVER_ADDRESS'],
  },
  {
    server: 'Puma',
    source: 'https://puma.io/puma/#binding-tcp--sockets',
    program: /^puma$/,
    flags: ['--bind', '-b'],
  },
  {
    server: 'Rails',
    source: 'https://guides.rubyonrails.org/command_line.html#bin-rails-server',
    program: /^rails$/,
    flags: ['--binding', '-b'],
    variables: ['BINDING'],
  },
  {
    server: 'Next.js',
    source: 'https://nextjs.org/docs/app/api-reference/cli/next',
    program: /^next$/,
    flags: ['--hostname', '-H'],
  },
  {
    server: 'Next.js, standalone output',
    source: 'https://nextjs.org/docs/app/api-reference/config/next-config-js/output',
    variables: ['HOSTNAME'],
  },
  {
    server: 'Nuxt and other Nitro servers',
    source: 'https://nitro.build/deploy/runtimes/node',
    variables: ['NITRO_HOST'],
  },
  {
    server: 'SvelteKit, Astro, Nitro and other Node servers that read HOST',
    source: 'https://svelte.dev/docs/kit/adapter-node',
    variables: ['HOST'],
    all: true,
  },
  {
    server: 'Spring Boot',
    source: 'https://docs.spring.io/spring-boot/appendix/application-properties/index.html',
    program: /^java$/,
    flags: ['--server.address'],
    variables: ['SERVER_ADDRESS'],
  },
  {
    server: 'Quarkus',
    source: 'https://quarkus.io/guides/http-reference',
    variables: ['QUARKUS_HTTP_HOST'],
    all: true,
  },
  {
    server: 'Micronaut',
    source: 'https://docs.micronaut.io/latest/guide/configurationreference.html',
    variables: ['MICRONAUT_SERVER_HOST'],
    all: true,
  },
  {
    server: 'ASP.NET Core',
    source: 'https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/endpoints',
    program: /^dotnet$/,
    flags: ['--urls'],
    variables: ['ASPNETCORE_URLS', 'DOTNET_URLS'],
  },
  {
    server: 'Rocket',
    source: 'https://rocket.rs/guide/v0.5/configuration/',
    variables: ['ROCKET_ADDRESS'],
  },
  {
    server: 'Hasura GraphQL Engine',
    source: 'https://hasura.io/docs/2.0/deployment/graphql-engine-flags/reference/',
    image: /(^|\/)hasura\/graphql-engine$/,
    program: /^graphql-engine$/,
    flags: ['--server-host'],
    variables: ['HASURA_GRAPHQL_SERVER_HOST'],
    unsaid: true,
  },
  {
    server: 'Grafana',
    source: 'https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#http_addr',
    image: /(^|\/)grafana\/grafana(-oss|-enterprise)?$/,
    variables: ['GF_SERVER_HTTP_ADDR'],
    unsaid: true,
  },
  {
    server: 'Keycloak',
    source: 'https://www.keycloak.org/server/all-config',
    image: /(^|\/)keycloak\/keycloak$/,
    program: /^kc\.sh$/,
    flags: ['--http-host'],
    variables: ['KC_HTTP_HOST'],
    unsaid: true,
    all: true,
  },
  {
    server: 'n8n',
    source: 'https://docs.n8n.io/hosting/configuration/environment-variables/deployment/',
    image: /(^|\/)n8nio\/n8n$/,
    variables: ['N8N_LISTEN_ADDRESS'],
    unsaid: true,
    all: true,
  },
  {
    server: 'Metabase',
    source: 'https://www.metabase.com/docs/latest/configuring-metabase/environment-variables#mb_jetty_host',
    image: /(^|\/)metabase\/metabase$/,
    variables: ['MB_JETTY_HOST'],
    unsaid: true,
  },
  {
    server: 'Meilisearch',
    source: 'https://www.meilisearch.com/docs/learn/self_hosted/configure_meilisearch_at_launch',
    program: /^meilisearch$/,
    flags: ['--http-addr'],
    variables: ['MEILI_HTTP_ADDR'],
  },
  {
    server: 'OAuth2 Proxy',
    source: 'https://oauth2-proxy.github.io/oauth2-proxy/configuration/overview',
    image: /(^|\/)oauth2-proxy$/,
    flags: ['--http-address'],
    variables: ['OAUTH2_PROXY_HTTP_ADDRESS'],
  },
  {
    server: 'Prometheus and its exporters',
    source: 'https://prometheus.io/docs/prometheus/latest/command-line/prometheus/',
    image: /(^|\/)(prometheus|alertmanager|pushgateway|[a-z]+[-_]exporter)$/,
    flags: ['--web.listen-address'],
  },
  {
    server: 'http-echo',
    source: 'https://github.com/hashicorp/http-echo',
    image: /(^|\/)hashicorp\/http-echo$/,
    flags: ['-listen', '--listen'],
  },
]
