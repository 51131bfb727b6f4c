/** docs/same-port.md, made from the table of servers. Pure. */
import { SERVERS, type Server } from './bindings.ts'

/** The whole page. */
export function bindingsPage(): string {
  return `# The app's own port

<!-- Made by npm run docs from src/tools/manifest/bindings.ts: change it there. -->

If the app can be told to listen on 127.0.0.1, \`lastcall inject\` gives lastcall the app's own port on the addresses of the pod:
\`--listen=[$(POD_IPS)]:3000\`. POD_IPS is status.podIPs of the downward API: one address, or one per family. Services,
NetworkPolicies, Ingresses and PodMonitors stay as they are. Pods with and without lastcall are reached in the same way, so
no request is refused while lastcall is added or removed.

This is the default if all of the following hold:

- The setting is certain: the manifest already sets it, or the image or the command identifies the server.
- The port is 1024 or above (lastcall runs without root and without capabilities), and the pod has no hostNetwork.
- The app's livenessProbe and startupProbe do more than open a connection (tcpSocket) to that port, because lastcall would
  answer that. httpGet and grpc probes reach the app through lastcall, and fail when the app fails.
- If the setting also moves other ports of the app, nothing declares or probes those.

Otherwise lastcall gets a free port, and the Services are changed. For servers that are not in this table, use
\`--bind-env NAME\` or \`--bind-arg=FLAG\` (with \`=VALUE\` if the server expects something other than 127.0.0.1), or the
annotation \`lastcall.dev/config: --bind-env=NAME\` of a workload.

| server | recognized by | setting |
|---|---|---|
${SERVERS.map(row).join('\n')}
`
}

function row(server: Server): string {
  const known = [
    server.image === undefined ? [] : ['its image'],
    server.program === undefined ? [] : ['its command'],
    server.variables !== undefined && server.unsaid !== true ? ['the variable, if set'] : [],
  ].flat()
  const told = [...(server.variables ?? []), ...(server.flags ?? [])].map((one) => `\`${one}\``)
  return `| [${server.server}](${server.source}) | ${known.join(', ')} | ${told.join(', ')} |`
}
