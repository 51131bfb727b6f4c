/**
 * The program of a node: `node node-process.js OFFSET`, started by node.ts, with which it communicates over IPC. OFFSET: how
 * far the machine's clock is ahead of `performance.now()` of the process that started it, in milliseconds. When that process
 * ends, for whatever reason, the containers end as well.
 */

import { Pod } from './kubelet.ts'
import { type Order, sinceBoot, type Word } from './node.ts'

const offset = Number(process.argv[2])
const theirs = sinceBoot() - offset - performance.now()
const pods = new Map<string, Pod>()

process.on('message', (order: Order) => {
  if (order.order === 'start') start(order)
  else void end(order)
})
process.on('disconnect', () => process.exit(0))

function start({ spec, readyWithinMs }: Extract<Order, { order: 'start' }>): void {
  const pod = new Pod(spec, {
    note: (event) => say({ word: 'event', event: { ...event, at: event.at + theirs } }),
    endpoint: (state) => say({ word: 'endpoint', pod: spec.name, state }),
  })
  pods.set(spec.name, pod)
  pod.start(readyWithinMs).then(
    () => say({ word: 'started', pod: spec.name, why: undefined }),
    (error: Error) => say({ word: 'started', pod: spec.name, why: error.message }),
  )
}

async function end({ pod: name, graceMs }: Extract<Order, { order: 'delete' }>): Promise<void> {
  const pod = pods.get(name)
  if (pod === undefined) return
  await pod.delete(graceMs)
  const output = pod.spec.containers.map((container) => [container.name, pod.lines(container.name) ?? []])
  say({ word: 'gone', pod: name, output: Object.fromEntries(output) as Record<string, readonly string[]> })
}

function say(word: Word): void {
  if (process.connected) process.send!(word)
}
