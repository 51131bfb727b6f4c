/** What methods are called, and how they are counted. RFC 9110 §9. */
import tap from 'tap'
import {
  METHOD_CONNECT,
  METHOD_GET,
  METHOD_HEAD,
  METHOD_OPTIONS,
  methodLabel,
  methodName,
  methodOf,
} from '../../src/protocol/http1/methods.ts'
import { METHODS } from '../../src/words.ts'

/** Among other bytes, which must not be looked at. */
function indexOf(method: string): number {
  return methodOf(Buffer.from(`GET${method}GET`), 3, 3 + method.length)
}

void tap.test('a method is called what it was, and is labelled so or as other', async (t) => {
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    t.equal(methodName(indexOf(method)), method)
    t.equal(METHODS[methodLabel(indexOf(method))], method)
  }
  for (const method of ['ACL', 'PROPFIND', 'QUERY', 'UNSUBSCRIBE']) {
    t.equal(methodName(indexOf(method)), method)
    t.equal(METHODS[methodLabel(indexOf(method))], 'other')
  }
})

void tap.test('the methods that have rules of their own', async (t) => {
  t.same([METHOD_GET, METHOD_HEAD, METHOD_CONNECT, METHOD_OPTIONS].map(methodName), [
    'GET',
    'HEAD',
    'CONNECT',
    'OPTIONS',
  ])
})

void tap.test('what is not wholly a method is none', async (t) => {
  for (const text of ['', 'G', 'get', 'GETT', 'TGE', 'ETG', 'GEX', 'XET', 'GXT'])
    t.equal(indexOf(text), -1, text)
})
