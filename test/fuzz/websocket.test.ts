/** The short run of the fuzzer of WebSocket frames, and that it would find a fault. `npm run fuzz -- websocket` is the long one. */
import tap from 'tap'
import { campaign, differenceAt } from './websocket/campaign.ts'

const STREAMS = 20_000

void tap.test('WebSocket frames end for us where they end for the receiver of ws', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32)
  t.comment(`seed ${seed}`)
  for await (const { tally, finding, seed: one } of campaign(seed)) {
    if (finding === undefined && tally.streams < STREAMS) continue
    t.equal(finding, undefined, `stream ${one}`)
    t.comment(JSON.stringify(tally))
    t.ok(tally.ends > 10_000 && tally.refusedByWs > 2000, 'streams are read, and refused')
    t.ok(tally.nonsense > 100 && tally.closes > 1000, 'of all kinds')
    break
  }
})

void tap.test('a fault would be found', async (t) => {
  const between = { _state: 0, _bufferedBytes: 0 }
  const within = { _state: 5, _bufferedBytes: 3 }
  t.equal(differenceAt(true, false, between), undefined)
  t.equal(differenceAt(false, false, within), undefined)
  t.match(differenceAt(true, false, within), /^between two frames to us, within a frame to ws/)
  t.match(differenceAt(false, false, between), /^within a frame to us/)
  t.match(differenceAt(false, true, within), /^nonsense to us/)
})
