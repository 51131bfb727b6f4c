/** docs/same-port.md, made from the table of servers. Pure. */
import { SERVERS, type Server } from './bindings.ts'

/** The whole page. */
export function bindingsPage(): string {
  return `# The app's own port

<!-- Made by npm run docs from src/tools/manifest/bindings.ts: change it there. -->

Where the app can be told to listen on 127.0.0.1, \`lastcall inject\` gives lastcall the app's own port on the addresses of
the pod: \`--listen=[$(POD_IPS)]:3000\`, where POD_IPS is status.podIPs of the downward API, one address or one of each
family. Services, NetworkPolicies, Ingresses and PodMonitors stay as they are, and pods with lastcall and without are
reached alike, so that neither putting it in nor taking it out has a moment in which requests are refused.

It is the default where all of this holds:

- the setting is known for sure: the manifest sets it already, or shows the server by its image or by its command;
- the port is 1024 or above (lastcall runs without root and without capabilities), and the pod has no hostNetwork;
- the app's livenessProbe and startupProbe do not merely open a connection (tcpSocket) to that port, for lastcall would
  answer them. httpGet and grpc probes reach the app through lastcall, and fail when the app fails;
- where the setting also moves other ports of the app, nobody declares or probes those.

Otherwise lastcall gets a free port, and the Services are moved. \`--bind-env NAME\` and \`--bind-arg=FLAG\` (with \`=VALUE\`
where 127.0.0.1 alone is not what it wants) say it for servers that are not in this table; so does the annotation
\`lastcall.dev/config: --bind-env=NAME\` of a workload.

| server | known by | told by |
|---|---|---|
${SERVERS.map(row).join('\n')}
`
}

function row(server: Server): string {
  const known = [
    server.image === undefined ? [] : ['its image'],
    server.program === undefined ? [] : ['its command'],
    server.variables !== undefined && server.unsaid !== true ? ['the variable, if it is set'] : [],
  ].flat()
  const told = [...(server.variables ?? []), ...(server.flags ?? [])].map((one) => `\`${one}\``)
  return `| [${server.server}](${server.source}) | ${known.join(', ')} | ${told.join(', ')} |`
}
