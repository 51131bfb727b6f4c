/**
 * What a message costs in the protocols beside HTTP/1.1: WebSocket echo, HTTP/2 with prior knowledge, gRPC calls and
 * streams. Closed loop with 64 under way, as in `cost`. Left out of a full round for its length.
 */

import type { Shape } from '../load/messages.ts'
import type { Protocol } from '../peers/peer.ts'
import type { Rig, TaskOf } from '../rig.ts'
import { marksOf } from './marks.ts'
import { peakOf } from './resident.ts'
import { type Case, interleave, type Scenario } from './scenario.ts'

const SECONDS = 0.5

export const webSocket = scenario('websocket', 'WebSocket echo', (rig) => [
  messages(rig, 'WebSocket', '64 connections, 60 bytes', echo(60)),
  messages(rig, 'WebSocket', '64 connections, 4 KiB', echo(4096)),
])

export const http2 = scenario('http2', 'HTTP/2 with prior knowledge', (rig) => [
  requests(rig, 'HTTP/2', '1 connection × 64 streams, 60 bytes', streams(1, 64, 'get')),
  requests(rig, 'HTTP/2', '8 connections × 8 streams, 60 bytes', streams(8, 8, 'get')),
])

export const grpc = scenario('grpc', 'gRPC', (rig) => [
  requests(rig, 'gRPC', 'unary calls, 8 connections × 8 streams, 60 bytes', streams(8, 8, 'call')),
  messages(rig, 'gRPC', 'messages on open streams, 8 connections × 8, 60 bytes', streams(8, 8, 'messages')),
])

function scenario(name: string, title: string, casesOf: (rig: Rig) => Case[]): Scenario {
  const run = (rig: Rig, rounds: number): Promise<void> => interleave(rig, name, rounds, casesOf(rig))
  return { name, title, rounds: 3, onlyNamed: true, run }
}

function echo(bytes: number): TaskOf {
  return { kind: 'websocket', connections: 64, bytes }
}

function streams(connections: number, each: number, shape: Shape): TaskOf {
  return { kind: 'http2', connections, streams: each, shape }
}

function requests(rig: Rig, protocol: Protocol, name: string, task: TaskOf): Case {
  return caseOf(rig, protocol, name, task, (cpuUs, perSecond) => ({ cpuUs, perSecond }))
}

function messages(rig: Rig, protocol: Protocol, name: string, task: TaskOf): Case {
  return caseOf(rig, protocol, name, task, perMessage)
}

function perMessage(cpuUsPerMessage: number, messagesPerSecond: number): Record<string, number> {
  return { cpuUsPerMessage, messagesPerSecond }
}

function caseOf(
  rig: Rig,
  protocol: Protocol,
  name: string,
  task: TaskOf,
  named: (cpuUs: number, perSecond: number) => Record<string, number>,
): Case {
  return {
    name,
    protocol,
    async measure(peer) {
      const peak = peakOf(peer)
      const measured = await rig.measure(peer, task, SECONDS)
      const { requests: count, seconds, proxyCpuUs } = measured
      if (count === 0) throw new Error(measured.firstError ?? 'no answer')
      return {
        values: {
          ...named(proxyCpuUs / count, count / seconds),
          busy: proxyCpuUs / seconds / 1e6,
          peakMiB: peak(),
        },
        marks: marksOf(measured, rig.options.cpus.loadCpus),
      }
    },
  }
}
