/** The short run of the chaos, once for each way of relaying. `npm run chaos` is the long one. */
import tap from 'tap'
import { campaign } from './campaign.ts'

const SECONDS = 4

for (const relay of ['native', 'portable'] as const)
  void tap.test(
    `among random clients and a bad app nothing is truncated, lost or left over: ${relay}`,
    async (t) => {
      const seed = Math.floor(Math.random() * 2 ** 32)
      t.comment(`seed ${seed}`)
      const { wrong, clients, tally } = await campaign(t, { seed, seconds: SECONDS, relay })
      t.comment(JSON.stringify(tally))
      t.same(wrong, [])
      t.ok(clients > 50, `${clients} clients`)
    },
  )
