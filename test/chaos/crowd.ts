/** Many clients of all kinds at once, each with its own random choices, none for ever. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../fuzz/random.ts'
import { PROTOCOL_CLIENTS } from './clients-protocols.ts'
import { STREAM_CLIENTS } from './clients-streams.ts'
import { type Client, HTTP1_CLIENTS, type Stage } from './clients.ts'
import type { Ledger } from './ledger.ts'

export const CLIENTS: Readonly<Record<string, Client>> = {
  ...HTTP1_CLIENTS,
  ...PROTOCOL_CLIENTS,
  ...STREAM_CLIENTS,
}

const AT_A_TIME = 24
const LIFE_MS = 30_000
/** Whoever is refused does not knock again at once. */
const REFUSED_MS = 50

export type Kinds = readonly (readonly [string, Client])[]

/** The clients of these names, or all. */
export function kindsOf(only?: readonly string[]): Kinds {
  return Object.entries(CLIENTS).filter(([name]) => only === undefined || only.includes(name))
}

/** Clients come and go as long as it lasts. Resolves with how many there were, when the last has gone. */
export async function crowd(stage: Stage, kinds: Kinds, running: () => boolean): Promise<number> {
  let clients = 0
  const one = async (): Promise<void> => {
    while (running()) {
      const [name, client] = stage.random.pick(kinds)
      clients += 1
      stage.ledger.count('clients')
      await bounded(name, client({ ...stage, random: new Random(stage.random.below(2 ** 32)) }), stage.ledger)
      if (stage.ledger.refusing) await sleep(REFUSED_MS)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, one))
  return clients
}

async function bounded(name: string, client: Promise<void>, ledger: Ledger): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      ledger.breach(`${name}: a client hangs`)
      resolve()
    }, LIFE_MS)
  })
  try {
    await Promise.race([client, late])
  } catch (error) {
    ledger.breach(`${name}: ${error instanceof Error ? error.stack : String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}
