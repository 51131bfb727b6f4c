/**
 * The picture of rooms and arrows in docs/architecture.md, drawn from the imports of src as they are, in Mermaid. Pure.
 * A room is a folder; a file that lies in no such folder is one of its own. Arrows that follow from others are left
 * out, or nobody could see anything: what can be reached stays the same.
 */
import { dirname } from 'node:path'

/** What is needed of a source; test/fixtures/sources.ts reads it. */
export interface Importer {
  readonly path: string
  readonly imports: readonly {
    readonly to: string
    readonly kind: 'file' | 'package'
    readonly lazy: boolean
  }[]
}

/** The houses, in the order in which they are drawn: what their rooms' paths begin with, and what stands above them. */
const HOUSES = [
  ['cli', 'commands'],
  ['tools/', 'tools, not in the image'],
  ['proxy/', 'what runs in every pod'],
  ['protocol/', 'protocols: bytes in, verdicts out'],
] as const

type Graph = Map<string, Map<string, 'at once' | 'when needed'>>

/** Mermaid text of the rooms of these sources. Lazy imports are dotted. */
export function drawRooms(sources: Iterable<Importer>): string {
  const graph = reduced(graphOf(sources))
  const rooms = [...graph.keys()].toSorted()
  const lines = ['flowchart TD']
  const left = new Set(rooms)
  for (const [prefix, title] of HOUSES) {
    const inside = rooms.filter((room) => room.startsWith(prefix))
    if (inside.length === 0) continue
    lines.push(`  subgraph ${idOf(`house ${prefix}`)} ["${title}"]`)
    for (const room of inside) {
      lines.push(`    ${idOf(room)}["${room.slice(prefix.endsWith('/') ? prefix.length : 0)}"]`)
      left.delete(room)
    }
    lines.push('  end')
  }
  for (const room of left) lines.push(`  ${idOf(room)}["${room}"]`)
  for (const [from, to] of [...graph].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    for (const [room, when] of [...to].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      lines.push(`  ${idOf(from)} ${when === 'at once' ? '-->' : '-.->'} ${idOf(room)}`)
  return lines.join('\n')
}

/** `proxy/relay/pair.ts` is in `proxy/relay`, `proxy/main.ts` and `words.ts` are rooms of their own. */
function roomOf(path: string): string {
  const folder = dirname(path)
  if (folder === '.' || HOUSES.some(([prefix]) => prefix === `${folder}/`)) return path
  return folder.split('/').slice(0, 2).join('/')
}

function graphOf(sources: Iterable<Importer>): Graph {
  const graph: Graph = new Map()
  for (const { path, imports } of sources) {
    const from = roomOf(path)
    if (!graph.has(from)) graph.set(from, new Map())
    for (const { to, kind, lazy } of imports) {
      const room = roomOf(to)
      if (kind !== 'file' || room === from) continue
      if (!graph.has(room)) graph.set(room, new Map())
      const before = graph.get(from)!.get(room)
      graph.get(from)!.set(room, lazy && before !== 'at once' ? 'when needed' : 'at once')
    }
  }
  return graph
}

/** Without the arrows whose end can also be reached by others. */
function reduced(graph: Graph): Graph {
  for (const [from, to] of graph) {
    const arrows = Array.from(to)
    for (const [room, when] of arrows) {
      to.delete(room)
      if (!reaches(graph, from, room)) to.set(room, when)
    }
  }
  return graph
}

function reaches(graph: Graph, from: string, to: string, seen = new Set<string>()): boolean {
  if (seen.has(from)) return false
  seen.add(from)
  return [...(graph.get(from)?.keys() ?? [])].some((next) => next === to || reaches(graph, next, to, seen))
}

function idOf(text: string): string {
  return text.replaceAll(/\W+/g, '_')
}
