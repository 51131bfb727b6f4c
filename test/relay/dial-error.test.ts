/** What a failed connection attempt says about the app, also where a host name has several addresses. */
import tap from 'tap'
import { dialErrorCode, dialErrorText, nobodyListens } from '../../src/proxy/sockets/dial-error.ts'

const at = (code: string): Error => Object.assign(new Error(`connect ${code} somewhere`), { code })
/** As Node builds it: with the code of the first of its errors. */
const several = (...codes: readonly string[]): AggregateError =>
  Object.assign(new AggregateError(codes.map(at)), { code: codes[0] })

void tap.test('an app that refuses on the one address that can be reached has gone', async (t) => {
  for (const error of [
    at('ECONNREFUSED'),
    at('ENOENT'),
    several('ECONNREFUSED', 'ECONNREFUSED'),
    several('ECONNREFUSED', 'EADDRNOTAVAIL'),
    several('EADDRNOTAVAIL', 'ECONNREFUSED'),
    several('ENETUNREACH', 'EAFNOSUPPORT', 'ECONNREFUSED'),
    new AggregateError([several('EADDRNOTAVAIL'), at('ECONNREFUSED')]),
  ]) {
    const name = error instanceof AggregateError ? error.errors.map(String).join() : error.message
    t.ok(nobodyListens(error), name)
    t.match(dialErrorCode(error), /^(ECONNREFUSED|ENOENT)$/, 'it may come back, so a request waits for it')
    t.match(dialErrorText(error), /^connect (ECONNREFUSED|ENOENT) /)
  }
})

void tap.test('anything else says nothing about whether somebody listens', async (t) => {
  for (const error of [
    at('ETIMEDOUT'),
    at('EACCES'),
    at('EADDRNOTAVAIL'),
    several('EADDRNOTAVAIL', 'ENETUNREACH'),
    several('ETIMEDOUT', 'ECONNREFUSED'),
    several('ECONNREFUSED', 'EMFILE'),
    new AggregateError([]),
    new Error('without a code'),
  ])
    t.notOk(nobodyListens(error), dialErrorCode(error))
})

void tap.test('the code and the message of one error are its own', async (t) => {
  t.equal(dialErrorCode(at('EMFILE')), 'EMFILE')
  t.equal(dialErrorText(at('EMFILE')), 'connect EMFILE somewhere')
  t.equal(dialErrorCode(several('EMFILE', 'EADDRNOTAVAIL')), 'EMFILE', 'the first of several')
  t.equal(dialErrorCode(new Error('without a code')), 'without a code')
  t.equal(dialErrorText(new TypeError()), 'TypeError', 'a name where there is no message')
})
