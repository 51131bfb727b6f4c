/**
 * Every transcript in this folder, played whole, byte by byte, at every split point and with trailing bytes; and what
 * holds for all of them: output equals input but for the X-Forwarded-For line (DESIGN §1), every refusal has one.
 */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tap from 'tap'
import { APP_FAULTS } from '../../src/protocol/http1/answer.ts'
import { REFUSAL_NAMES, refusalRow } from '../../src/protocol/http1/refusal.ts'
import { Scene } from '../fixtures/conversation.ts'
import { BYTE_BY_BYTE, type Cut, everySplit, WHOLE } from '../fixtures/splits.ts'
import {
  encodeOutcome,
  type Input,
  type Outcome,
  readTranscripts,
  type Transcript,
} from '../fixtures/transcript.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const files = globSync('**/*.md', { cwd: folder }).toSorted()
const all = files.flatMap((file) =>
  readTranscripts(readFileSync(folder + file, 'utf8')).map((transcript) => ({ file, transcript })),
)

/** What may follow in the same packet: it must change nothing of what came before. */
const TRAILING = {
  'a pipelined request': Buffer.from('GET /trailing HTTP/1.1\r\nHost: trailing\r\n\r\n'),
  garbage: Buffer.from('\x00\x01garbage\r\n\r\n', 'latin1'),
}
const UNSOLICITED = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nPOISONED')

for (const { file, transcript } of all) {
  void tap.test(`${file}:${transcript.line} ${transcript.name}`, async (t) => {
    t.match(transcript.why, /RFC|DESIGN|CVE/, 'says why')
    t.ok(
      transcript.steps.every((step) => step.expected !== undefined),
      'every step expects something',
    )
    const { outcomes, scene } = play(transcript, WHOLE)
    for (const [i, outcome] of outcomes.entries())
      t.same(shown(outcome), shown(transcript.steps[i]!.expected), `whole, step ${i + 1}`)
    t.same(cutOtherwise(transcript, outcomes), [], 'however the bytes are cut')
    t.same(unfaithful(transcript, scene), [], 'output equals input')
    t.same(trailed(transcript), [], 'trailing bytes change nothing')
    t.same(poisoned(transcript), [], 'what the app sends unasked never reaches the client')
  })
}

void tap.test('every refusal, and every answer for the app, has its transcript', async (t) => {
  const given = all.flatMap(({ transcript }) =>
    play(transcript, WHOLE).outcomes.map((o) => o.toClient.toString('latin1')),
  )
  const seen = (text: string) => given.some((bytes) => bytes.endsWith(`\r\n\r\nlastcall: ${text}\n`))
  for (const [i, name] of REFUSAL_NAMES.entries()) t.ok(seen(refusalRow(-i - 1).text), name)
  for (const [name, { answer }] of Object.entries(APP_FAULTS))
    t.ok(
      given.some((bytes) => bytes.endsWith(answer.toString('latin1'))),
      name,
    )
})

/** Plays all steps. `extra` is appended to the last block of that side. */
function play({ setting, steps }: Transcript, cut: Cut, extra?: { from: 'client' | 'app'; bytes: Buffer }) {
  const scene = new Scene({ ...setting })
  const inputs = steps.flatMap((step) => step.inputs)
  const last = extra && inputs.findLastIndex((input) => input.kind === 'bytes' && input.from === extra.from)
  /** For each input, whether nothing was in flight after it. */
  const rests: boolean[] = []
  let block = 0
  const outcomes = steps.map((step) => {
    for (const input of step.inputs) {
      const fed = extra && rests.length === last ? appended(input, extra.bytes) : input
      scene.feed(fed, (bytes) => cut.pieces(block, bytes))
      if (input.kind === 'bytes') block += 1
      rests.push(!scene.inFlight)
    }
    return scene.take()
  })
  return { outcomes, scene, inputs, rests }
}

function appended(input: Input, bytes: Buffer): Input {
  return input.kind === 'bytes' ? { ...input, bytes: Buffer.concat([input.bytes, bytes]) } : input
}

function shown(outcome: Outcome | undefined): readonly string[] {
  return outcome === undefined ? [] : encodeOutcome(outcome)
}

/** The cuts that give another result; the first few are enough. */
function cutOtherwise(transcript: Transcript, outcomes: readonly Outcome[]): object[] {
  const blocks = transcript.steps.flatMap(({ inputs }) =>
    inputs.flatMap((i) => (i.kind === 'bytes' ? [i.bytes] : [])),
  )
  const wrong: object[] = []
  for (const cut of [BYTE_BY_BYTE, ...everySplit(blocks)]) {
    const { outcomes: got, scene } = play(transcript, cut)
    const problems = unfaithful(transcript, scene)
    const step = got.findIndex((outcome, i) => !same(withoutCutOff(outcome, outcomes[i]!), outcomes[i]!))
    if (problems.length > 0) wrong.push({ cut: cut.name, problems })
    else if (step >= 0)
      wrong.push({ cut: cut.name, step: step + 1, got: shown(got[step]), whole: shown(outcomes[step]) })
    if (wrong.length === 3) break
  }
  return wrong
}

/**
 * A body that turns out to be malformed is cut off: how much of it the app got before depends on the packets, so what
 * it got beyond what it gets when all comes at once does not count.
 */
function withoutCutOff(got: Outcome, whole: Outcome): Outcome {
  const cutOff = got.orders.some((order) => order.startsWith('refused: ')) && got.orders.includes('reset app')
  return cutOff ? { ...got, toApp: got.toApp.subarray(0, whole.toApp.length) } : got
}

function same(a: Outcome, b: Outcome): boolean {
  return (
    a.toApp.equals(b.toApp) && a.toClient.equals(b.toClient) && a.orders.join('\n') === b.orders.join('\n')
  )
}

/**
 * The invariant of serving: what the app got is what the client sent, but for the line put in and empty lines before a
 * request; what the client got from the app is what the app sent. A prefix, where one side was not heard to the end.
 */
function unfaithful(transcript: Transcript, scene: Scene): string[] {
  const { setting, steps } = transcript
  const inputs = steps.flatMap((step) => step.inputs)
  const sent = (from: string) =>
    Buffer.concat(
      inputs.flatMap((input) => (input.kind === 'bytes' && input.from === from ? [input.bytes] : [])),
    )
  const problems: string[] = []
  const line = `X-Forwarded-For: ${setting.clientAddress.replace('::ffff:', '')}\r\n\r\n`
  const heads = scene.requests.map((request) => request.toString('latin1').replace(line, '\r\n'))
  let rest = withoutH2c(sent('client').toString('latin1'))
  for (const head of isLeaving(transcript) ? [] : heads) {
    if (setting.lbHealthPath !== undefined && head === '') rest = rest.replace(/^(?:\r\n)*.*?\r\n\r\n/s, '')
    else rest = rest.replace(/^(?:\r\n)*/, '')
    if (!rest.startsWith(head))
      problems.push(`the app got ${JSON.stringify(head)} of ${JSON.stringify(rest)}`)
    rest = rest.slice(head.length)
  }
  const settled =
    !isLeaving(transcript) && scene.client === 'open' && (scene.talk.idle || scene.carried !== 'http1')
  if (settled && rest.replaceAll('\r\n', '') !== '')
    problems.push(`the app never got ${JSON.stringify(rest)}`)
  // Of each connection: what comes unasked ends it, so that all it ever gave the client is how it began.
  for (const { fromApp, toClient } of isParting(transcript) ? [] : scene.relayed)
    if (!fromApp.subarray(0, toClient.length).equals(toClient))
      problems.push(`the client got ${JSON.stringify(toClient.toString('latin1'))}`)
  return problems
}

function isParting({ setting, steps }: Transcript): boolean {
  const signs = new Set(
    steps.flatMap((step) => step.inputs.map((input) => input.kind === 'sign' && input.sign)),
  )
  return setting.lameDuck || signs.has('clients are to leave') || signs.has('what has no end is to end')
}

/** Both sides may be told, each between two frames: a Close is put in, and what comes later is dropped. */
function isLeaving({ steps }: Transcript): boolean {
  return steps.some(({ inputs }) =>
    inputs.some((input) => input.kind === 'sign' && input.sign === 'what has no end is to end'),
  )
}

/** The one offer that is taken out of requests (RFC 9113 §3.1), where it is one: with its option in Connection. */
function withoutH2c(text: string): string {
  if (!/^Upgrade:.*\bh2c\b/im.test(text) || !/^Connection:.*\bupgrade\b/im.test(text)) return text
  return text
    .replace(/^(?:Upgrade|HTTP2-Settings):.*\r\n/gim, '')
    .replace(/^Connection: *(.*)\r\n/gim, (_, list: string) => {
      const kept = list.split(/ *, */).filter((option) => !/^(?:upgrade|http2-settings)$/i.test(option))
      return kept.length === 0 ? '' : `Connection: ${kept.join(', ')}\r\n`
    })
}

/** A next request, or garbage, in the last packet of the client gives what it gives on its own after the end. */
function trailed(transcript: Transcript): string[] {
  const inputs = transcript.steps.flatMap((step) => step.inputs)
  const lastBytes = inputs.findLastIndex((input) => input.kind === 'bytes' && input.from === 'client')
  const later = inputs.slice(lastBytes + 1)
  // Not where a message is still open, which the bytes would be part of; nor where what follows depends on the moment.
  const { scene } = play(transcript, WHOLE)
  if (scene.client === 'open' && !scene.talk.idle && scene.carried === 'http1') return []
  if (
    isParting(transcript) ||
    later.some((i) => i.kind !== 'bytes' && !(i.kind === 'sign' && i.sign === 'app opens'))
  )
    return []
  return Object.entries(TRAILING).flatMap(([name, bytes]) => {
    const early = total(play(transcript, WHOLE, { from: 'client', bytes }).outcomes)
    const run = play(transcript, WHOLE)
    run.scene.fromClient(bytes)
    const late = total([...run.outcomes, run.scene.take()])
    return same(early, late)
      ? []
      : [`${name}: ${shown(early).join('\n')}\n  instead of\n${shown(late).join('\n')}`]
  })
}

/** A response more than was asked for, in the app's last packet: the client gets what it gets without. */
function poisoned(transcript: Transcript): string[] {
  const { outcomes, inputs, rests } = play(transcript, WHOLE)
  // Only where that packet ended the response: else what follows is part of a body, or of a tunnel.
  const last = inputs.findLastIndex((input) => input.kind === 'bytes' && input.from === 'app')
  if (!rests[last]) return []
  if (inputs.slice(last).some((input) => input.kind === 'sign' && input.sign.startsWith('app '))) return []
  const more = total(play(transcript, WHOLE, { from: 'app', bytes: UNSOLICITED }).outcomes)
  return more.toClient.equals(total(outcomes).toClient) ? [] : [more.toClient.toString('latin1')]
}

function total(outcomes: readonly Outcome[]): Outcome {
  return {
    toApp: Buffer.concat(outcomes.map((outcome) => outcome.toApp)),
    toClient: Buffer.concat(outcomes.map((outcome) => outcome.toClient)),
    orders: outcomes
      .flatMap((outcome) => outcome.orders)
      .filter((order) => !/^(?:pause|resume) client$/.test(order)),
  }
}
