/** Who sends a request, as its fields tell. WHATWG HTML §9.2.2; RFC 9110 §12.5.1. */
import tap from 'tap'
import { RequestHead } from '../../src/protocol/http1/request-head.ts'
import { parseRequestHead } from '../../src/protocol/http1/request-parser.ts'

function isEventSource(method: string, ...fields: readonly string[]): boolean {
  const bytes = Buffer.from(`${[`${method} / HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`)
  const head = new RequestHead()
  head.eventSource = true
  if (parseRequestHead(bytes, 0, bytes.length, 1024, head) !== bytes.length) throw new Error('no head')
  return head.eventSource
}

void tap.test('a GET that accepts text/event-stream is from an EventSource', async (t) => {
  for (const value of [
    'text/event-stream',
    ' \ttext/event-stream\t ',
    'Text/Event-Stream',
    'text/event-stream;q=0.9',
    'text/event-stream ; charset=utf-8',
    'application/json, text/event-stream',
    'application/json,text/event-stream,*/*',
    ', text/event-stream',
  ])
    t.ok(isEventSource('GET', `Accept:${value}`), value)
  t.ok(isEventSource('GET', 'accept: text/event-stream', 'Accept: */*'), 'one of two fields')
})

void tap.test('any other request is not', async (t) => {
  for (const value of [
    '',
    '*/*',
    'text/*',
    'text/event-streams',
    'xtext/event-stream',
    'text/event-strea',
    'text/html, image/png',
  ])
    t.notOk(isEventSource('GET', `Accept: ${value}`), value)
  t.notOk(isEventSource('GET'), 'no Accept')
  t.notOk(isEventSource('GET', 'Accepx: text/event-stream', 'Cookie: text/event-stream'), 'another field')
  for (const method of ['POST', 'HEAD', 'PUT'])
    t.notOk(isEventSource(method, 'Accept: text/event-stream'), method)
})
