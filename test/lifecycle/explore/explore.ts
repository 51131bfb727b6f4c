/**
 * Every life: all positions that any order of events and time can reach, breadth first, so that the first story that breaks
 * a promise is a shortest one. Positions are dropped when their moves have been played: a story is played again from the
 * beginning. Then, backwards over all moves, which positions can reach the ends that ways.ts asks for.
 *
 * On whole seconds nothing is missed: every sum is a whole number of seconds and every bound of the table closed (at or
 * after), so whatever order of events and deadlines a real clock gives, this clock gives as well.
 */
import type { Budget } from '../../../src/proxy/lifecycle/budget.ts'
import { type Machine, type Move, movesOf, play, type Played, type Time } from './moves.ts'
import { first, keyOf, type Position } from './position.ts'
import { broken } from './promises.ts'
import { WAYS } from './ways.ts'

export interface World {
  readonly name: string
  readonly budget: Budget
  readonly time: Time
}

export interface Finding {
  readonly broken: string
  readonly story: readonly Played[]
}

export interface Explored {
  readonly positions: number
  readonly steps: number
  /** Every position has been seen, and all of its moves; else the limit of steps was reached. */
  readonly whole: boolean
  readonly finding: Finding | undefined
}

/** Explores one world for at most so many steps; stops at the first broken promise. */
export function explore(machine: Machine, world: World, maxSteps = Infinity): Explored {
  const moves = movesOf(world.time)
  const atlas = new Atlas(world.budget)
  let steps = 0
  let at = 0
  for (; atlas.size > at && steps < maxSteps; at += 1) {
    const before = atlas.take(at)
    for (const [index, move] of moves.entries()) {
      if (!move.may(before)) continue
      steps += 1
      const played = play(machine, before, move)
      const name = broken(played, machine, world.time.late)
      if (name !== undefined) {
        const story = [...retold(machine, world, atlas.path(at), moves), played]
        return { positions: atlas.size, steps, whole: false, finding: { broken: name, story } }
      }
      atlas.lead(at, index, played.after)
    }
  }
  const stuck = atlas.stuck(moves, at)
  const finding = stuck && { broken: stuck.way, story: retold(machine, world, atlas.path(stuck.at), moves) }
  return { positions: atlas.size, steps, whole: at === atlas.size, finding }
}

/** Where all positions are: how each was first reached, and every move between them. */
class Atlas {
  readonly #seen = new Map<string, number>()
  readonly #open = new Map<number, Position>()
  readonly #parent: number[] = []
  readonly #by: number[] = []
  /** Of each position a bit for each way: whether it starts from here, whether it ends here. */
  readonly #from: number[] = []
  readonly #to: number[] = []
  /** Moves as (from, move, to), flat. */
  readonly #edges: number[] = []

  constructor(budget: Budget) {
    this.#add(keyOf(first(budget)), first(budget), -1, -1)
  }

  get size(): number {
    return this.#parent.length
  }

  /** The position of this number, once. */
  take(at: number): Position {
    const position = this.#open.get(at)
    if (position === undefined) throw new Error(`no position ${at}`)
    this.#open.delete(at)
    return position
  }

  lead(from: number, by: number, after: Position): void {
    const key = keyOf(after)
    this.#edges.push(from, by, this.#seen.get(key) ?? this.#add(key, after, from, by))
  }

  /** The moves that lead to a position, by number, from the beginning. */
  path(to: number): number[] {
    const path: number[] = []
    for (let at = to; at > 0; at = this.#parent[at]!) path.unshift(this.#by[at]!)
    return path
  }

  /** The first position that has not the way it should have. Those from `done` on have not played their moves: who knows. */
  stuck(moves: readonly Move[], done: number): { at: number; way: string } | undefined {
    for (const [bit, way] of WAYS.entries()) {
      const mask = 1 << bit
      const may = moves.map((move) => way.by(move))
      const reaches = this.#reaching((at) => at >= done || (this.#to[at]! & mask) !== 0, may)
      const at = reaches.findIndex((can, index) => can === 0 && (this.#from[index]! & mask) !== 0)
      if (at >= 0) return { at, way: way.name }
    }
    return undefined
  }

  #reaching(goal: (at: number) => boolean, may: readonly boolean[]): Uint8Array {
    // The moves backwards, each position's in one run of `sources`.
    const start = new Uint32Array(this.size + 1)
    const edges = this.#edges
    for (let i = 0; i < edges.length; i += 3) if (may[edges[i + 1]!] === true) start[edges[i + 2]! + 1]! += 1
    for (let at = 0; at < this.size; at += 1) start[at + 1]! += start[at]!
    const sources = new Uint32Array(start[this.size]!)
    const next = start.slice()
    for (let i = 0; i < edges.length; i += 3)
      if (may[edges[i + 1]!] === true) sources[next[edges[i + 2]!]!++] = edges[i]!
    const reaches = new Uint8Array(this.size)
    const queue: number[] = []
    const reach = (at: number): void => {
      if (reaches[at] === 1) return
      reaches[at] = 1
      queue.push(at)
    }
    for (let at = 0; at < this.size; at += 1) if (goal(at)) reach(at)
    for (let at = queue.pop(); at !== undefined; at = queue.pop())
      for (let i = start[at]!; i < start[at + 1]!; i += 1) reach(sources[i]!)
    return reaches
  }

  #add(key: string, position: Position, parent: number, by: number): number {
    const at = this.size
    this.#seen.set(key, at)
    this.#open.set(at, position)
    this.#parent.push(parent)
    this.#by.push(by)
    this.#from.push(bits((way) => way.from(position)))
    this.#to.push(bits((way) => way.to(position)))
    return at
  }
}

function bits(has: (way: (typeof WAYS)[number]) => boolean): number {
  let mask = 0
  for (const [bit, way] of WAYS.entries()) if (has(way)) mask |= 1 << bit
  return mask
}

function retold(
  machine: Machine,
  { budget }: World,
  path: readonly number[],
  moves: readonly Move[],
): Played[] {
  const story: Played[] = []
  let at = first(budget)
  for (const index of path) {
    const played = play(machine, at, moves[index]!)
    story.push(played)
    at = played.after
  }
  return story
}
