/**
 * Detects requests that a web page other than lastcall's own has sent. An operator who forwards the admin port to
 * localhost has a browser there, and any page in it can send `POST /drain`, or name a hook as the source of an image.
 * Pure: relies on fields that a page cannot forge. Programs other than browsers send none of them and are not affected.
 *
 * - Sec-Fetch-Site (Fetch Metadata): which site the page belongs to. Browsers send it to localhost and over TLS.
 * - Origin (RFC 6454 §7): browsers send it with every POST.
 * - Host: after DNS rebinding, a foreign page has the same origin as lastcall, but under a name of the attacker's. No name
 *   other than localhost can be trusted, unless the caller must know the token as well.
 * - Accept-Language: after DNS rebinding, a page's GET has neither of the first two, and Firefox and Safari let the page
 *   choose its User-Agent, but no page can leave this field out (Fetch, HTTP-network-or-cache fetch).
 */
import { parseIp } from '../config/ip.ts'

/** The relevant fields, as node:http gives them. */
export interface PageHeaders {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'user-agent'?: string | undefined
  readonly 'accept-language'?: string | undefined
  readonly 'sec-fetch-mode'?: string | string[] | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
  readonly 'sec-purpose'?: string | string[] | undefined
}

/**
 * Whether a web page that is not lastcall's own sent the request. `guarded`: a token is required as well. Only for
 * requests that change something.
 */
export function fromForeignPage(method: string, headers: PageHeaders, guarded: boolean): boolean {
  const { host = '', origin, 'sec-fetch-site': site, 'user-agent': agent = '' } = headers
  // A GET over plain HTTP to an IP address has neither field. Hooks are called by the kubelet, and no browser has a
  // reason to.
  const bare = site === undefined && origin === undefined
  if (bare) return method === 'GET' && (agent.startsWith('Mozilla/') || speaksLikeBrowser(headers))
  // Nobody has asked for what a browser prefetches.
  if (headers['sec-purpose'] !== undefined) return true
  if (!guarded && !isOwnName(host)) return true
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return origin !== `http://${host}` && origin !== `https://${host}`
}

/** Node's fetch sends a language too, but also a mode; a browser that sends the mode also sends the site. */
function speaksLikeBrowser(headers: PageHeaders): boolean {
  return headers['accept-language'] !== undefined && headers['sec-fetch-mode'] === undefined
}

/** An IP address or localhost: no attacker's DNS can make it lead here. */
function isOwnName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  return (
    parseIp(name.replace(/^\[(.*)\]$/, '$1')) !== undefined ||
    name === 'localhost' ||
    name.endsWith('.localhost')
  )
}
