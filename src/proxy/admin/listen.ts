/** What to tell the user if a port cannot be opened. Pure; all listeners use the same sentences. */
import type { ListenAddress } from '../config/config.ts'

/**
 * Returns one line that names the flag, the address and what to do. `error` comes from the listener's `error` event;
 * `usage` shows how the flag is written.
 */
export function listenProblem(
  flag: string,
  listen: ListenAddress,
  error: Error,
  usage = `${flag} host:port`,
): string {
  const { port, also = [] } = listen
  // If there are several addresses, the error names the one that failed.
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
      return `${flag}: ${host ?? 'this host'} is not an address of this machine; leave the host out to listen on all addresses`
    default:
      return `${flag}: cannot listen on port ${port}${where}: ${error.message}`
  }
}
