/** A rollout in the steps of the Deployment controller: as many pods at a time as maxSurge and maxUnavailable allow. */
import t from 'tap'
import { Batch } from '../../src/tools/rehearsal/batch.ts'
import { nextStep, QUARTER, type RollingLimits, type Share } from '../../src/tools/rehearsal/rolling.ts'

const pods = (value: number): Share => ({ value, unit: 'pods' })
const percent = (value: number): Share => ({ value, unit: 'percent' })

interface Rolled {
  readonly steps: readonly string[]
  readonly most: number
  readonly leastAvailable: number
}

/** A whole rollout; new pods become available one at a time, in their order. */
function roll(replicas: number, limits: RollingLimits): Rolled {
  const steps: string[] = []
  let [old, created, available] = [replicas, 0, 0]
  let [most, leastAvailable] = [replicas, replicas]
  for (let count = 0; old > 0 || available < replicas; count += 1) {
    if (count > 10 * replicas + 10) throw new Error(`it never ends: ${steps.join(', ')}`)
    const { create, remove } = nextStep({ replicas, old, created, available }, limits)
    created += create
    most = Math.max(most, old + created)
    old -= remove
    leastAvailable = Math.min(leastAvailable, old + available)
    if (create > 0 || remove > 0) steps.push(`+${create} -${remove}`)
    else if (available === created) throw new Error(`nothing is awaited: ${steps.join(', ')}`)
    else available += 1
  }
  return { steps, most, leastAvailable }
}

void t.test('three replicas at 25 %: one more, and one fewer only when it is there', async (test) => {
  const { steps, most, leastAvailable } = roll(3, QUARTER)
  test.same(steps, ['+1 -0', '+0 -1', '+1 -0', '+0 -1', '+1 -0', '+0 -1'])
  test.same([most, leastAvailable], [4, 3])
})

void t.test('a hundred replicas at 25 %: a quarter more, and a quarter fewer available', async (test) => {
  const { steps, most, leastAvailable } = roll(100, QUARTER)
  test.same(steps.slice(0, 2), ['+25 -25', '+25 -0'])
  test.same([most, leastAvailable], [125, 75])
})

void t.test('percentages of maxSurge are rounded up, those of maxUnavailable down', async (test) => {
  test.same(nextStep({ replicas: 10, old: 10, created: 0, available: 0 }, QUARTER), { create: 3, remove: 2 })
})

void t.test('every rollout ends within its limits', async (test) => {
  for (const replicas of [1, 2, 3, 4, 7, 10, 33, 100])
    for (const maxSurge of [pods(0), pods(1), pods(200), percent(10), percent(100)])
      for (const maxUnavailable of [pods(0), pods(1), pods(200), percent(10), percent(100)]) {
        const title = `${replicas}: ${JSON.stringify({ maxSurge, maxUnavailable })}`
        const { most, leastAvailable } = roll(replicas, { maxSurge, maxUnavailable })
        const of = ({ value, unit }: Share, round: (count: number) => number) =>
          unit === 'pods' ? value : round((value * replicas) / 100)
        const [surge, spare] = [of(maxSurge, Math.ceil), of(maxUnavailable, Math.floor)]
        if (most > replicas + surge) test.fail(`${title}: ${most} pods`)
        // With nothing to spare, one pod is (as Kubernetes decides).
        if (leastAvailable < replicas - Math.max(spare, surge === 0 ? 1 : 0))
          test.fail(`${title}: ${leastAvailable} available`)
      }
  test.pass('no limit was passed')
})

void t.test('a batch: at most N at a time, in order, whether they succeed or not', async (test) => {
  const batch = new Batch(2)
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<number>())
  const begun: number[] = []
  const all = gates.map(({ promise }, i) =>
    batch.run(() => {
      begun.push(i)
      return promise
    }),
  )
  await turn()
  test.same(begun, [0, 1])
  gates[1]!.reject(new Error('no'))
  await test.rejects(all[1]!, { message: 'no' })
  await turn()
  test.same(begun, [0, 1, 2], 'a failure makes room as well')
  for (const i of [2, 0, 3, 4]) gates[i]!.resolve(i)
  test.same(await Promise.all([all[0], all[2], all[3], all[4]]), [0, 2, 3, 4])
  test.same(begun, [0, 1, 2, 3, 4])
})

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
