/** What a fault is: data, and how to do it. Whether its outcome is as promised is judged in judge.ts. */
import type { Scene } from './scene.ts'

export const GROUPS = ['app', 'lastcall', 'stop', 'cluster', 'node', 'rollout'] as const
export type Group = (typeof GROUPS)[number]

/**
 * What a fault must spare. `everything`: no request may fail. `connections`: what has a connection; new ones may be refused
 * while the Service has no endpoint. `new work`: what the touched pods held in their hands may
 * be lost, and nothing that came later. `other pods`: what reaches the touched pods until the Service no longer sends
 * anything there may be lost, too. Requests to the other pods may never fail.
 */
export type Spares = 'everything' | 'connections' | 'new work' | 'other pods'

export interface Fault {
  /** As in `--faults`. */
  readonly name: string
  readonly group: Group
  /** What is done, for the table. */
  readonly what: string
  readonly spares: Spares
  /** What a user loses when this happens, and why. */
  readonly loses: string
  /** Has to act on daemons of the node, or on processes in pods: `--node-exec`. */
  readonly onNode: boolean
  /** Does it, and returns when all pods are as before. Throws `NotHere` if this cluster cannot do it. */
  readonly run: (scene: Scene) => Promise<Blow>
}

/** Whom a fault hit and when; times in milliseconds of the epoch. */
export interface Blow {
  /** Names of pods. */
  readonly touched: readonly string[]
  /** The first and the last moment at which it took what the pods held. */
  readonly from: number
  readonly to: number
  /** When the Service stopped sending to the touched pods, or when they were back. */
  readonly until: number
  /** In place of the fault's own, where this cluster cannot do better. */
  readonly spares?: Spares
  /** What lastcall itself had in flight shortly before. */
  readonly reading?: Reading | undefined
  /** What is worth telling. */
  readonly notes?: readonly string[]
  /** What did not happen as it should have, requests aside. */
  readonly problems?: readonly string[]
}

/** `lastcall_in_flight`, all kinds together, as /status told it. */
export interface Reading {
  readonly inFlight: number
  readonly at: number
}

/** This cluster cannot do the fault; the message says why. */
export class NotHere extends Error {}
