/** Which request targets are in absolute-form. RFC 9112 §3.2.2, RFC 3986 §3. */
import tap from 'tap'
import { isAbsoluteForm } from '../../src/protocol/http1/target.ts'

/** Among other bytes, which must not be looked at. */
function isAbsolute(target: string): boolean {
  return isAbsoluteForm(Buffer.from(`a:${target} //x`, 'latin1'), 2, 2 + target.length)
}

void tap.test('a scheme, ://, an authority, and a path or a query or nothing', async (t) => {
  for (const target of [
    'http://a',
    'HTTPS://a',
    'azAZ://a',
    'a://a',
    'http://example.com:8080/path?q#f',
    'http://a/',
    'http://a?q',
    'http://[::1]:80/',
    'http://user:pass@a/',
    "http://azAZ09-._~!$&'()*+,;=:%[]@a/",
  ])
    t.ok(isAbsolute(target), target)
})

void tap.test('without one of these it is not', async (t) => {
  for (const target of [
    '',
    '/',
    '*',
    'a',
    '://a',
    'http',
    'http:',
    'http:/',
    'http://',
    'http:/a',
    'http:/a/b',
    'http//a',
    'http;//a',
    'http///a',
    'httpx//a/b',
    'http:x/a/b',
    'http:/xa/b',
    'http:///path',
    'http://?q',
    'a.example:443',
  ])
    t.notOk(isAbsolute(target), target)
})

void tap.test('a scheme is of letters alone: llhttp knows no others', async (t) => {
  for (const char of ['@', '[', '`', '{', '0', '+', '-', '.', '\x01', '~'])
    for (const target of [`${char}://a`, `h${char}://a`]) t.notOk(isAbsolute(target), target)
})

void tap.test('an authority is of the bytes that RFC 3986 §3.2 allows, with one @ at most', async (t) => {
  const allowed = /^[A-Za-z0-9\-._~!$&'()*+,;=:%[\]@]$/
  for (let byte = 0x21; byte <= 0x7e; byte++) {
    const char = String.fromCharCode(byte)
    t.equal(isAbsolute(`http://a${char}a`), allowed.test(char) || char === '/' || char === '?', char)
  }
  t.notOk(isAbsolute('http://a@b@c/'))
  t.notOk(isAbsolute('http://@@/'))
  t.ok(isAbsolute('http://a@b/@@'))
  t.notOk(isAbsolute('http://a#f'))
})
