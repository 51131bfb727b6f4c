/** What to tell the user when a port cannot be listened on. Pure; the same sentences for every listener. */
import type { ListenAddress } from '../config/config.ts'

/**
 * One line that names the flag, the address and what to do. `error` is what the listener's `error` event gave; `usage`
 * shows how the flag is written.
 */
export function listenProblem(
  flag: string,
  listen: ListenAddress,
  error: Error,
  usage = `${flag} host:port`,
): string {
  const { port, also = [] } = listen
  // Of several addresses the error says which.
  const host = (error as { address?: string }).address ?? listen.host
  const where = also.length === 0 && listen.host === undefined ? '' : ` of ${host}`
  const code = (error as NodeJS.ErrnoException).code ?? ''
  switch (code) {
    case 'EADDRINUSE':
      return `${flag}: port ${port}${where} is taken by another listener; choose another with ${usage}`
    case 'EACCES':
      return `${flag}: no permission to listen on port ${port}${where}; ports below 1024 need a privilege`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${flag}: ${host ?? 'this host'} is no address of this machine; leave the host out for all of them`
    default:
      return `${flag}: cannot listen on port ${port}${where}: ${error.message}`
  }
}
