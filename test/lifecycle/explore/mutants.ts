/**
 * Machines that are wrong on purpose, each with the promise that it breaks: what shows that the explorer can fail. Made by
 * patching rows of the table, or by wrapping the machine; no file is touched.
 */
import { type Cause, type Row, TABLE, type Table } from '../../../src/proxy/lifecycle/machine.ts'
import { ready } from '../../../src/proxy/lifecycle/readiness.ts'
import { step, wakeAt } from '../../../src/proxy/lifecycle/step.ts'
import type { DrainState, Effect, Phase } from '../../../src/proxy/lifecycle/state.ts'
import type { Machine } from './moves.ts'

type AnyRow = Row<DrainState>

export interface Mutant {
  readonly name: string
  readonly machine: Machine
  /** The promise of promises.ts or ways.ts that is found broken. */
  readonly breaks: string
}

/** The machine as it is. */
export const MACHINE: Machine = { step, wakeAt, ready }

/** A machine with some rows of one cell changed (an array), or left out (undefined). */
function patched(phase: Phase, cause: Cause, change: (row: AnyRow) => AnyRow | undefined): Machine {
  const rows = (TABLE[phase][cause] ?? []) as readonly AnyRow[]
  const others = rows.map((row) => change(row)).filter((row) => row !== undefined)
  const table = { ...TABLE, [phase]: { ...TABLE[phase], [cause]: others } } as Table
  return {
    ready,
    step: (state, event, view) => step(state, event, view, table),
    wakeAt: (state, view) => wakeAt(state, view, table),
  }
}

function without(phase: Phase, cause: Cause, is: (row: AnyRow) => boolean): Machine {
  return patched(phase, cause, (row) => (is(row) ? undefined : row))
}

function changed(phase: Phase, cause: Cause, is: (row: AnyRow) => boolean, change: Partial<AnyRow>): Machine {
  return patched(phase, cause, (row) => (is(row) ? { ...row, ...change } : row))
}

/** A machine whose every effect is replaced. */
function rewritten(by: (effect: Effect) => readonly Effect[]): Machine {
  return {
    ...MACHINE,
    step(state, event, view) {
      const next = step(state, event, view)
      return { ...next, effects: next.effects.flatMap((effect) => by(effect)) }
    },
  }
}

/** A machine that gives some of its orders not at all. */
function silent(drops: (effect: Effect) => boolean): Machine {
  return rewritten((effect) => (drops(effect) ? [] : [effect]))
}

const says = (text: string) => (row: AnyRow) => row.says === text
const answers = ({ to, also }: AnyRow): boolean => to === undefined && also?.includes('answer-hooks') === true
const anyTime = (): boolean => true

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a hook and a listener that was swapped end the process',
    machine: changed('drained', 'always', says('app gone'), { when: (c) => c.state.drain.app === 'gone' }),
    breaks: 'it ends only after a signal, or when the app has ended in a drain with proof',
  },
  {
    name: 'the deadline of a stranger cuts',
    machine: changed('draining', 'always', says('deadline'), { when: anyTime }),
    breaks: 'it ends only after a signal, or when the app has ended in a drain with proof',
  },
  {
    name: 'no deadline while draining',
    machine: without('draining', 'always', says('deadline')),
    breaks: 'after a signal it never lives past grace-period - 1 s',
  },
  {
    name: 'no hook deadline while draining',
    machine: without('draining', 'always', answers),
    breaks: 'no hook waits beyond its deadline',
  },
  {
    name: 'no false alarm once drained',
    machine: without('drained', 'always', says('false alarm')),
    breaks: 'without a signal a drain of hooks is over by grace-period + 2 s, unless its app is away',
  },
  {
    name: 'serving, although its app has not come back',
    machine: changed('drained', 'always', (row) => row.to === 'serving', {
      when: (c) => !c.state.drain.triggers.includes('operator') && c.state.drain.triggers.includes('app'),
    }),
    breaks:
      'it serves again only when the app is back and healthy, the hook was a false alarm, or an operator says so',
  },
  {
    name: 'drained although something is in flight',
    machine: changed('draining', 'always', says('nothing in flight'), {
      when: (c) => !c.state.drain.triggers.some((trigger) => trigger === 'signal' || trigger === 'sidecar'),
    }),
    breaks: 'a hook is answered over work in flight only for a reason',
  },
  {
    name: 'proof in the drained phase does not drain again',
    machine: patched('drained', 'signal', (row) => (row.to === 'draining' ? undefined : row)),
    breaks: 'the exit begins only when nothing is in flight',
  },
  {
    name: 'idle connections are closed while something is in flight',
    machine: changed('draining', 'always', (row) => row.also?.includes('close-idle') === true, {
      when: (c) =>
        c.state.drain.triggers.includes('signal') && c.state.phase === 'draining' && !c.state.closing,
    }),
    breaks: 'idle connections are closed behind a closed listener, when nothing is in flight',
  },
  {
    name: 'a second signal cuts without counting',
    machine: changed('draining', 'signal', anyTime, { also: ['answer-hooks', 'verdict', 'exit'] }),
    breaks: 'what is in flight at the end is cut, then counted, then told by the exit code',
  },
  {
    name: 'lame duck does not wait for quiet',
    machine: changed('lame-duck', 'always', says('quiet'), { due: (c) => c.state.since }),
    breaks: 'no client is refused before settle and quiet, unless the app is gone',
  },
  {
    name: 'a restart of the app cuts settle short for good',
    machine: without('drained', 'signal', (row) => row.to === 'settling'),
    breaks: 'no client is refused before settle and quiet, unless the app is gone',
  },
  {
    name: 'an app without a hook is never given up',
    machine: without('drained', 'always', says('app-stop, no hook of the app')),
    breaks: 'an app that was told to stop is waited for, an app without a hook for app-stop',
  },
  {
    name: 'a hook in the starting phase is lost',
    machine: without('starting', 'hook', says('hook /prestop/app')),
    breaks: 'no hook is forgotten',
  },
  {
    name: 'the listener stays closed after a false alarm',
    machine: silent(({ kind }) => kind === 'open-listener'),
    breaks: 'the listener closes only with proof of a stop, and opens again',
  },
  {
    name: 'requests wait at the door of a proxy that serves',
    machine: silent((effect) => effect.kind === 'queue-requests' && !effect.on),
    breaks: 'the door stands as the phase says',
  },
  {
    name: 'hooks are forgotten at the way back',
    machine: changed('settling', 'resume', anyTime, { also: ['verdict'] }),
    breaks: 'no hook is forgotten',
  },
  {
    name: 'ready until drained',
    machine: {
      ...MACHINE,
      ready: (state, up, policy) => ready(state, up, policy) || (up && state.phase === 'draining'),
    },
    breaks: 'it is ready only while it serves a healthy app, or keeps on until draining',
  },
  {
    name: 'an app that is back and healthy is not served',
    machine: without('drained', 'always', says('app back and healthy')),
    breaks: 'a way back without a signal: an app that returns healthy is served',
  },
  {
    name: 'an operator cannot resume when drained',
    machine: without('drained', 'resume', anyTime),
    breaks: 'a way back without a signal: an operator’s resume leads to serving at once',
  },
  {
    name: 'the timer of lame duck is not armed',
    machine: {
      ...MACHINE,
      wakeAt: (state, view) => (state.phase === 'lame-duck' ? undefined : wakeAt(state, view)),
    },
    breaks: 'lame duck lasts until quiet, and lame-duck-max at most',
  },
  {
    name: 'lingering has no end',
    machine: without('exiting', 'always', says('linger is over')),
    breaks: 'an exit waits for its clients, and for 2 s at most',
  },
  {
    name: 'a false alarm that names nobody',
    machine: rewritten((effect) => (effect.kind === 'false-alarm' ? [{ ...effect, calls: [] }] : [effect])),
    breaks: 'a false alarm names its callers, and there is none after a signal',
  },
  {
    name: 'no verdict',
    machine: silent(({ kind }) => kind === 'verdict'),
    breaks: 'a drain ends with one verdict, and nothing else does',
  },
  {
    name: 'a false alarm takes back an operator’s drain',
    machine: without('draining', 'always', (row) => row.also?.includes('forget-hooks') === true),
    breaks: 'only an operator takes back an operator’s drain',
  },
  {
    name: 'drained before the idle connections are closed',
    machine: changed('draining', 'always', (row) => row.also?.includes('close-idle') === true, {
      to: 'drained',
    }),
    breaks: 'in a proven stop the idle connections are closed before it is drained',
  },
  {
    name: 'each order twice',
    machine: rewritten((effect) => (effect.kind === 'client-mode' ? [effect, effect] : [effect])),
    breaks: 'no order is given twice',
  },
  {
    name: 'moves that nobody is told of',
    machine: silent(({ kind }) => kind === 'moved'),
    breaks: 'the moves that are told are those that are made',
  },
  {
    name: 'a timer that is always due',
    machine: { ...MACHINE, wakeAt: (state, { now }) => (state.phase === 'draining' ? now : undefined) },
    breaks: 'the timer never stands still',
  },
  {
    name: 'a hook that does not drain',
    machine: without('serving', 'hook', anyTime),
    breaks: 'a trigger drains',
  },
  {
    name: 'the deadline has come as soon as the pod stops',
    machine: changed('draining', 'always', says('deadline'), {
      when: (c) => c.state.drain.triggers.includes('signal'),
      due: (c) => c.state.since,
    }),
    breaks: 'it ends with work in flight only at the deadline or at a second signal',
  },
  {
    name: 'the end without an exit',
    machine: silent(({ kind }) => kind === 'exit'),
    breaks: 'the exit is the last of it',
  },
  {
    name: 'an app that is back is served, signal or not',
    machine: changed(
      'drained',
      'always',
      (row) => row.says === 'app back and healthy' && row.to === 'serving',
      {
        when: (c) => c.state.drain.app === 'back' && c.state.drain.appUp,
      },
    ),
    breaks: 'the listener stays closed after a signal',
  },
]
