/** Where the moments of a drain lie on the page's clock, and what it says of times. */
import tap from 'tap'
import { courseOf } from '../../src/page/course.ts'
import { axisEnd, duration, setting } from '../../src/page/wording.ts'
import { LIVE } from '../fixtures/admin.ts'

const { budget } = LIVE
const states = (course: ReturnType<typeof courseOf>) => course.marks.map(({ at, state }) => `${at} ${state}`)

void tap.test('without a drain: the course of one that would begin now', async (t) => {
  const course = courseOf(budget, null, 123_456)
  t.same(states(course), [
    '3000 ahead',
    '5000 ahead',
    '14000 ahead',
    '25000 ahead',
    '29000 ahead',
    '30000 ahead',
  ])
  t.equal(course.end, 30_000)
  t.same(course.spent, [])
})

void tap.test('a stop: what has passed, and the quiet that begins again with each arrival', async (t) => {
  const drain = {
    beganAt: 1000,
    clockAt: 1000,
    quietFrom: 6500,
    phases: [
      ['settling', 1000],
      ['lame-duck', 4010],
    ],
  } as const
  const course = courseOf(budget, drain, 8000)
  t.same(states(course), [
    '3010 passed',
    '7500 ahead',
    '14010 ahead',
    '25000 ahead',
    '29000 ahead',
    '30000 ahead',
  ])
  t.same(course.spent, [
    { phase: 'settling', from: 0, to: 3010 },
    { phase: 'lame-duck', from: 3010, to: 7000 },
  ])
})

void tap.test("an operator's drain has no deadline, and the track grows with it", async (t) => {
  const drain = {
    beganAt: 0,
    clockAt: null,
    quietFrom: null,
    phases: [
      ['settling', 0],
      ['lame-duck', 3000],
      ['draining', 5500],
      ['drained', 9000],
    ],
  } as const
  const course = courseOf(budget, drain, 90_000)
  t.same(states(course), [
    '3000 passed',
    '5500 passed',
    '14000 spared',
    '25000 off',
    '29000 off',
    '30000 off',
  ])
  t.equal(course.end, 90_000)
})

void tap.test('the kubelet joins: its deadline counts from its own call', async (t) => {
  const drain = {
    beganAt: 0,
    clockAt: 60_000,
    quietFrom: null,
    phases: [['drained', 0]],
  } as const
  const course = courseOf(budget, drain, 61_000)
  t.same(states(course).slice(3), ['0 passed', '89000 ahead', '90000 ahead'])
  t.equal(course.end, 90_000)
})

void tap.test('times as people read them', async (t) => {
  t.same(
    [0, 449, 12_345, 59_949, 59_950, 245_000, 12_000_000].map((ms) => duration(ms)),
    ['0.0 s', '0.4 s', '12.3 s', '59.9 s', '1 min 0 s', '4 min 5 s', '3 h 20 min'],
  )
  t.equal(duration(-5), '0.0 s')
  t.equal(duration(12_345, false), '12 s')
  t.same([300, 1500, 3000, 90_000, 600_000].map(setting), ['0.3 s', '1.5 s', '3 s', '90 s', '10 min'])
  t.same([0, 10_000, 10_001, 61_000, 8_000_000].map(axisEnd), [10_000, 10_000, 20_000, 120_000, 10_800_000])
})
