/**
 * What the generated messages are made of: what is valid, and what has been used to make two parsers disagree. Data
 * only. Each list is one string, its items between bars; the empty item is one as well.
 */

/** Splits a list. */
function items(...lines: readonly string[]): readonly string[] {
  return lines.join(' | ').split(' | ')
}

export const METHODS = items(
  'GET | GET | GET | HEAD | POST | POST | POST | PUT | PATCH | DELETE | OPTIONS | TRACE | PURGE',
  'PROPFIND | M-SEARCH | QUERY | SOURCE | LINK | UNSUBSCRIBE',
)
export const ODD_METHODS = items(
  'CONNECT | get | GE | GETT | PRI | DESCRIBE | G\tET |  | BREW | FLUSH | M-SEARCHX',
)
export const TARGETS = items(
  '/ | / | /a | /a/b?c=d&e | /%00%0d%0a | /? | /?? | // | /* | /a\\b | /a"b | /{}|^` | /;:@&=+$, | /~',
)
export const ODD_TARGETS = items(
  '* | http://a/ | http://a | HTTPS://u@a:80/b?c | ws://[::1]:8080/ | http://a?b | x://a | http://:80',
  'a |  | a:80 | http:/a | http:///a | http://a@b@c/ | http://a b/ | /a#b | /a#b#c | /# | # | ?a | *a',
  '** | /\x80 | /\xff\xfe | /\x7f | /\x00 | /\t | /\x0c | /<> | 1http://a/ | h1://a/ | a+b://c/',
  "http://a/# | http://%zz/ | http://a^/ | http://a'!()*/ | http://a#f | http://[/",
)
export const ODD_VERSIONS = items(
  'HTTP/1.2 | HTTP/0.9 | HTTP/2.0 | HTTP/1.01 | HTTP/1 | http/1.1 | HTTP/11 | HTTP/1.1  |  HTTP/1.1',
  'HTTP /1.1 | RTSP/1.0 | ICE/1.0 | HTTP/9.9 | HTTP/1,1 | ',
)
export const FIELDS = items(
  'Accept: */* | X: y | X: | X:  | X:\t | X:y | X: a b | X: \x80\xff | User-Agent: kube-probe/1.3',
  'Cookie: a=b; c="d" | Expect: 100-continue | !#$%&\'*+-.^_`|~: x | Content_Type: a',
  'Content-Lengths: 3 | Transfer-Encodings: chunked | TE: trailers, chunked | Trailer: X | Hosts: a',
  'Connectio: close | X-Forwarded-For: 1.2.3.4 | X: Content-Length: 5 | Upgrade: websocket',
  'Upgrade: h2c | Proxy-Connection: close',
)
export const ODD_FIELDS = items(
  'X Y: z |  X: y | X : y | X\t: y | : y | nothing | X | X\x00: y | X(: y | X: a\x00b | X: a\vb',
  'X: a\x7f | \tX: y | X: a\r\n b | X:\r\n b | X: a\nY: b | X: a\rY: b | \xc4: x | X"Y: z | X: \r',
  '\r',
  // llhttp takes these for other fields, and an app like CGI does not: here we refuse more than it does.
  'Content_Length: 3 | transfer_encoding: chunked | X-Forwarded_For: 1.2.3.4 | X_REAL_IP: ::1',
)
export const HOSTS = items('Host: a | Host: a:80 | host:a | HOST: [::1]:8080 | Host: | Host: \ta\t')
export const ODD_HOSTS = items(
  'Host: a\r\nHost: a | Host : a | Host: a b | Host: a/b | Host: a, b | Host: \x80 |  | Host\t: a',
  'Host: a\x00',
)
export const CONNECTIONS = items(
  'close | keep-alive | Keep-Alive | CLOSE | upgrade | Upgrade, HTTP2-Settings | close, keep-alive',
  'keep-alive,close |  close  | x | x,close | ,close, | closed | close x | x close | "close" | clos',
  'keep-alive\t | close;q=1 | close,\tkeep-alive | keep-aliveclose | host | x-forwarded-for | close,,',
  '',
)
export const CODINGS = items('chunked | Chunked | CHUNKED |  chunked ')
export const ODD_CODINGS = items(
  // llhttp takes these; in a request we answer 501 (RFC 9112 §6.1).
  'gzip, chunked | gzip,chunked | identity , chunked | x-a;b=c, chunked',
  'xchunked | chunkedx | chunked\t | \tchunked | \vchunked | chunked, identity | chunked, chunked',
  'chunked, | ,chunked | ,, chunked | identity | gzip |  |   | "chunked" | chunked;q=1 | chunked ;',
  'chunke | chunked chunked | gzip chunked | chunked\x00 | chunked\r\nTransfer-Encoding: x',
  'x\r\nTransfer-Encoding: chunked | chunked\r\nTransfer-Encoding: chunked | gzip,\tchunked',
  "gzip\t,chunked | \r\n chunked | chunked\r\n  | 'chunked' | cow | chunked,gzip,chunked",
  'chun\xebed | chunKed | chun\xbfed',
)
export const EXTENSIONS = items(
  ' |  |  |  | ;a | ;a=b | ;a="b" | ;a="b;c\\"d" | ;a;b=c;d | ;a= | ;=b | ; |  ;a | ; a | ;a =b',
  ';a= b |   | \t | ;a=" | ;a=b"c" | ;a="b"c | ;a="\r\n" | ;a\n | ;a\r | ;a="\x00" | ;a="\\\x00"',
  ';\x80 | ;a="\x80" | ;a=b=c | ;; | ;a="b"; | ;a="\\ | ;a\tb | ;a="\t"',
)
export const TRAILERS = items('X: y | X: | Digest: abc | X: \x80 | Connection: close | Upgrade: h2c')
export const ODD_TRAILERS = items(
  'Content-Length: 5 | Transfer-Encoding: chunked | Host: b | X-Forwarded-For: 1.2.3.4 | X : y',
  ' X: y | nothing | : y | X: a\x00 | X: a\r\n b | content-length : 1 | Content-Length',
  'Content-Lengt: 1 | Content-Length: x | X: \r | X:\rY: z | \rX: y | X: a\nY: b | GET / HTTP/1.1',
  'Transfer-Encodin: x | Hos: x | Hosts: x',
)
