/**
 * The mutants that live, each with the reason why no test can, or need, kill it. `npm run mutate` fails where one lives that is
 * not here, or where one that is here has died.
 */

export interface Survivor {
  readonly file: string
  /** The line of the source on which it begins, without its indent. */
  readonly line: string
  /** What it is, and what it was made into; both cut to 60 characters. */
  readonly change: string
  readonly why: string
}

export const SURVIVORS: readonly Survivor[] = [
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "const closing = (c: In): boolean => c.state.phase === 'draining' && c.state.closing",
    change: "c.state.phase === 'draining' -> true",
    why: 'only draining has `closing`; elsewhere it is undefined, which is as false',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'c.state.drain.clockAt === undefined ? undefined : c.state.drain.clockAt + ms',
    change: 'c.state.drain.clockAt === undefined -> false',
    why: 'asked only while a hook waits, and a hook starts the clock',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "when: ({ event }) => event.kind === 'hook' && event.who === 'sidecar',",
    change: "event.kind === 'hook' -> true",
    why: 'only narrows the type: the cell is that of hooks',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: '{ ...deadline, when: () => true },',
    change: '() => true -> () => undefined',
    why: 'a row fits unless `when` says false',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (to === 'starting') return { phase: to, budget }",
    change: '{ phase: to, budget } -> {}',
    why: 'no row leads to `starting`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "else if (kind === 'false-alarm') effects.push({ kind, calls: 'drain' in from ? from.drain.calls : [] })",
    change: '[] -> ["Stryker was here"]',
    why: 'a false alarm ends a drain, so there is one',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "due: (c) => (c.state.phase === 'exiting' ? c.state.idleClosedAt + LINGER_MS : undefined),",
    change: "c.state.phase === 'exiting' -> true",
    why: 'only narrows the type: the row is one of `exiting`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'if (clockAt === undefined) return undefined',
    change: 'clockAt === undefined -> false',
    why: 'asked only in a drain of hooks, which has a clock',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "return ready(state, appUp, 'fail')",
    change: '\'fail\' -> ""',
    why: 'every policy but `keep` is `fail`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "return rows(TABLE, phase, kind).length > 0 || rows(TABLE, phase, 'always').length > 0",
    change: 'rows(TABLE, phase, kind).length > 0 -> false',
    why: 'no row waits for these events alone today: the `always` rows do',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'for (let moves = 0; moves < 20; moves += 1) {',
    change: 'moves < 20 -> moves <= 20',
    why: 'the bound is never reached: every chain of rows ends in a phase that waits',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'for (let moves = 0; moves < 20; moves += 1) {',
    change: 'moves += 1 -> moves -= 1',
    why: 'the bound is never reached: every chain of rows ends in a phase that waits',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "const c: Case<State> = { event: { kind: 'tick' }, state, before: state, view }",
    change: "{ kind: 'tick' } -> {}",
    why: 'no `always` row looks at the event',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "const c: Case<State> = { event: { kind: 'tick' }, state, before: state, view }",
    change: '\'tick\' -> ""',
    why: 'no `always` row looks at the event',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'const due = row.due !== undefined && (row.when?.(c) ?? true) ? row.due(c) : undefined',
    change: 'row.due !== undefined -> true',
    why: 'an `always` row without `due` that fits has been taken already',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'if (due !== undefined && (first === undefined || due < first)) first = due',
    change: 'due !== undefined -> true',
    why: 'undefined is less than nothing, and of two equal times either will do',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: 'if (due !== undefined && (first === undefined || due < first)) first = due',
    change: 'due < first -> due <= first',
    why: 'undefined is less than nothing, and of two equal times either will do',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (state.phase === 'draining' && event.kind === 'idle-closed') return { ...state, drain, closing: false }",
    change: "state.phase === 'draining' -> true",
    why: 'only draining reads `closing`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (to === 'starting') return { phase: to, budget }",
    change: "to === 'starting' -> false",
    why: 'no row leads to `starting`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (to === 'starting') return { phase: to, budget }",
    change: '\'starting\' -> ""',
    why: 'no row leads to `starting`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (to === 'draining') return { phase: to, ...common, closing: false }",
    change: "to === 'draining' -> false",
    why: 'without it `closing` is undefined, which is as false',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (to === 'draining') return { phase: to, ...common, closing: false }",
    change: '\'draining\' -> ""',
    why: 'without it `closing` is undefined, which is as false',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (to !== 'exiting') return { phase: to, ...common }",
    change: "to !== 'exiting' -> false",
    why: 'only exiting reads `idleClosedAt`',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "return { phase: to, ...common, idleClosedAt: from.phase === 'drained' ? from.since : view.now }",
    change: "from.phase === 'drained' -> true",
    why: 'exiting is entered from drained alone',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (state.phase === 'draining' && acts.includes('close-idle')) return { ...state, closing: true }",
    change: "state.phase === 'draining' -> true",
    why: 'only rows of draining close idle connections',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (!acts.includes('answer-hooks') || !('drain' in state) || state.drain.hooks.kind !== 'waiting')",
    change: "state.drain.hooks.kind !== 'waiting' -> false",
    why: 'hooks that do not wait may as well be answered',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "return { ...state, drain: { ...state.drain, hooks: { kind: 'answered', at: now } } }",
    change: "{ kind: 'answered', at: now } -> {}",
    why: 'all that is asked is whether hooks wait',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "return { ...state, drain: { ...state.drain, hooks: { kind: 'answered', at: now } } }",
    change: '\'answered\' -> ""',
    why: 'all that is asked is whether hooks wait',
  },
  {
    file: 'src/proxy/lifecycle/machine.ts',
    line: "if (kind === 'exit') effects.push({ kind, code: to.phase === 'exited' ? to.code : 0 })",
    change: "to.phase === 'exited' -> true",
    why: 'only rows to `exited` ask for an exit',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "hooks: { kind: 'none' },",
    change: "{ kind: 'none' } -> {}",
    why: 'all that is asked is whether hooks wait',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "hooks: { kind: 'none' },",
    change: '\'none\' -> ""',
    why: 'all that is asked is whether hooks wait',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "case 'resume':",
    change: '\'resume\' -> ""',
    why: 'it ends where every unknown event ends',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "case 'tick':",
    change: '\'tick\' -> ""',
    why: 'it ends where every unknown event ends',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "case 'quiesced':",
    change: '\'quiesced\' -> ""',
    why: 'it ends where every unknown event ends',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "case 'idle-closed':",
    change: '\'idle-closed\' -> ""',
    why: 'it ends where every unknown event ends',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "case 'lingered':",
    change: "case 'lingered': … -> case 'lingered':",
    why: 'it ends where every unknown event ends',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "case 'lingered':",
    change: '\'lingered\' -> ""',
    why: 'it ends where every unknown event ends',
  },
  {
    file: 'src/proxy/lifecycle/drain.ts',
    line: "return app === 'back' || (clockAt !== undefined && clockAt + cutMs <= now)",
    change: 'clockAt !== undefined -> true',
    why: 'undefined plus a number is never before now',
  },
  {
    file: 'src/proxy/lifecycle/traffic.ts',
    line: "exiting: 'draining',",
    change: '\'draining\' -> ""',
    why: 'the door of exiting does not come from this table',
  },
  {
    file: 'src/protocol/websocket/frame.ts',
    line: '#masked = false',
    change: 'false -> true',
    why: 'is written before it is read',
  },
  {
    file: 'src/protocol/websocket/frame.ts',
    line: 'case NONSENSE:',
    change: 'case NONSENSE: … -> case NONSENSE:',
    why: 'falls to the default, which takes all the bytes as well, one at a time',
  },
  {
    file: 'src/protocol/http1/trailers.ts',
    line: 'const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte',
    change: 'byte >= 0x41 && byte <= 0x5a -> true',
    why: 'of the bytes of a token it changes `^` alone besides, or Z: no forbidden name has `~` or a z',
  },
  {
    file: 'src/protocol/http1/trailers.ts',
    line: 'const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte',
    change: 'byte >= 0x41 && byte <= 0x5a -> byte >= 0x41 || byte <= 0x5a',
    why: 'of the bytes of a token it changes `^` alone besides, or Z: no forbidden name has `~` or a z',
  },
  {
    file: 'src/protocol/http1/trailers.ts',
    line: 'const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte',
    change: 'byte >= 0x41 -> true',
    why: 'of the bytes of a token it changes `^` alone besides, or Z: no forbidden name has `~` or a z',
  },
  {
    file: 'src/protocol/http1/trailers.ts',
    line: 'const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte',
    change: 'byte <= 0x5a -> true',
    why: 'of the bytes of a token it changes `^` alone besides, or Z: no forbidden name has `~` or a z',
  },
  {
    file: 'src/protocol/http1/trailers.ts',
    line: 'const lower = byte === 0x5f ? 0x2d : byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte',
    change: 'byte <= 0x5a -> byte < 0x5a',
    why: 'of the bytes of a token it changes `^` alone besides, or Z: no forbidden name has `~` or a z',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: 'if (to < 0) return to',
    change: 'to < 0 -> to <= 0',
    why: 'it is given at least one byte, so the offset behind what it took is never 0',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: 'return verdict < 0 ? verdict : found',
    change: 'verdict < 0 -> true',
    why: 'a bare LF, or a head of the limit, is always refused',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: 'return verdict < 0 ? verdict : found',
    change: 'verdict < 0 -> verdict <= 0',
    why: 'a bare LF, or a head of the limit, is always refused',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: "if (headEnd !== REFUSE.http2 || !this.#isFirst || prefaceIn(bytes, start, end) !== 'whole')",
    change: 'headEnd !== REFUSE.http2 -> false',
    why: 'a whole preface is always refused as http2',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: "case 'bare-lf':",
    change: "case 'bare-lf': … -> case 'bare-lf':",
    why: 'parseRequestHead refuses these bytes itself, with the same answer',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: "case 'bare-lf':",
    change: '\'bare-lf\' -> ""',
    why: 'parseRequestHead refuses these bytes itself, with the same answer',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: "case 'too-long':",
    change: '\'too-long\' -> ""',
    why: 'parseRequestHead refuses these bytes itself, with the same answer',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: "case 'complete':",
    change: '\'complete\' -> ""',
    why: 'it does nothing: all that is left goes on behind the switch',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: 'if (headEnd !== store.length) return headEnd < 0 ? headEnd : REFUSE.requestLine',
    change: 'headEnd < 0 -> true',
    why: 'what is gathered ends with its first empty line, where the head ends as well; the other answer is a second guard',
  },
  {
    file: 'src/protocol/http1/request-cursor.ts',
    line: 'if (headEnd !== store.length) return headEnd < 0 ? headEnd : REFUSE.requestLine',
    change: 'headEnd < 0 -> headEnd <= 0',
    why: 'what is gathered ends with its first empty line, where the head ends as well; the other answer is a second guard',
  },
  {
    file: 'src/protocol/http1/response-cursor.ts',
    line: 'if (to < 0) return NOT_UNDERSTOOD',
    change: 'to < 0 -> to <= 0',
    why: 'it is given at least one byte, so the offset behind what it took is never 0',
  },
  {
    file: 'src/protocol/http1/response-cursor.ts',
    line: "const headEnd = gathered === 'complete' ? parseResponseHead(store.bytes, 0, store.length, head) : OPAQUE",
    change: "gathered === 'complete' -> true",
    why: 'what is too long has no end yet, so that its length is no end of a head either',
  },
]
