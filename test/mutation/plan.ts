/** What is mutated, and which tests have to notice. The quick tests come first: a mutant is dead at the first failure. */
import { mistake } from '../fixtures/run-flags.ts'

export interface Portion {
  readonly files: readonly string[]
  readonly tests: readonly string[]
}

const LIFECYCLE = 'src/proxy/lifecycle'
const HTTP1 = 'src/protocol/http1'
const HTTP2 = 'src/protocol/http2'
const WEBSOCKET = 'src/protocol/websocket'

export const PORTIONS: readonly Portion[] = [
  {
    files: ['machine', 'step', 'readiness', 'budget', 'drain', 'traffic', 'verdict'].map(
      (name) => `${LIFECYCLE}/${name}.ts`,
    ),
    tests: [
      'machine',
      'way-back',
      'false-alarm',
      'budget',
      'drain',
      'left',
      'verdict',
      'runner',
      'properties',
      'picture',
      'explore',
    ].map((name) => `test/lifecycle/${name}.test.ts`),
  },
  {
    files: [
      'body-cursor',
      'bytes',
      'chunked',
      'connection-fields',
      'head-buffer',
      'methods',
      'request-cursor',
      'request-fields',
      'request-line',
      'request-parser',
      'response-cursor',
      'response-head',
      'sender',
      'target',
      'trailers',
      'underscore',
    ].map((name) => `${HTTP1}/${name}.ts`),
    tests: [
      'bytes',
      'chunked',
      'connection-fields',
      'event-stream',
      'head-buffer',
      'methods',
      'request-cursor',
      'request-head',
      'response-cursor',
      'response-head',
      'sender',
      'target',
      'underscore',
    ].map((name) => `test/http1/${name}.test.ts`),
  },
  {
    files: ['frame', 'rules', 'settings', 'field-walk', 'streams'].map((name) => `${HTTP2}/${name}.ts`),
    tests: [
      'test/http2/frame.test.ts',
      'test/http2/field-walk.test.ts',
      'test/http2/streams.test.ts',
      'test/http2/refusals.test.ts',
      'test/http2/farewell.test.ts',
      'test/http2/relay.test.ts',
      'test/fuzz/http2.test.ts',
      'test/http2/judge.test.ts',
    ],
  },
  {
    files: ['frame', 'close'].map((name) => `${WEBSOCKET}/${name}.ts`),
    tests: ['test/websocket/frame.test.ts'],
  },
]

/** The portions that these files are in, each with only these; all where none is named. Throws for a file that is in none. */
export function portionsOf(named: readonly string[]): Portion[] {
  const all = PORTIONS.flatMap(({ files }) => files)
  const unknown = named.filter((file) => !all.includes(file))
  if (unknown.length > 0)
    throw mistake(`${unknown.join(', ')}: not mutated. There are:\n  ${all.join('\n  ')}`)
  return PORTIONS.map(({ files, tests }) => ({
    files: files.filter((file) => named.length === 0 || named.includes(file)),
    tests,
  })).filter(({ files }) => files.length > 0)
}
