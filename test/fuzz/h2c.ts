/** What is left of a request head that offers h2c, said as plainly as can be: the one change besides X-Forwarded-For. */

/** The head without the offer, as the app has to get it; the same text where there is none. */
export function withoutOffer(head: string): string {
  if (!offersH2c(head)) return head
  return head
    .split('\r\n')
    .flatMap((line) => {
      if (/^(?:upgrade|http2-settings):/i.test(line)) return []
      if (!/^connection:/i.test(line)) return [line]
      const options = line
        .slice('connection:'.length)
        .split(',')
        .map((option) => option.trim())
      const rest = options.filter((option) => option !== '' && !/^(?:upgrade|http2-settings)$/i.test(option))
      return rest.length === 0 ? [] : [`Connection: ${rest.join(', ')}`]
    })
    .join('\r\n')
}

/** RFC 9110 §7.8: an offer counts in HTTP/1.1, and together with its option. */
function offersH2c(head: string): boolean {
  const offers = [...head.matchAll(/\r\nupgrade:([^\r]*)/gi)].flatMap((match) => match[1]!.split(','))
  const options = [...head.matchAll(/\r\nconnection:([^\r]*)/gi)].flatMap((match) => match[1]!.split(','))
  const named = options.some((option) => option.trim().toLowerCase() === 'upgrade')
  const h2c = offers.some((offer) => /^[ \t]*h2c[ \t]*$/i.test(offer))
  return h2c && named && /^.* HTTP\/1\.1\r\n/.test(head)
}
