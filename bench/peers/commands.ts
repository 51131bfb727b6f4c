/** How the peers that both the load and the rollouts need are started, with their configurations. */

import type { Command } from '../child.ts'
import type { Places } from './peer.ts'
import { configure } from './template.ts'

export function haproxyCommand(program: string, places: Places): Command {
  return [program, '-db', '-f', configure('haproxy.cfg', places)]
}

export function nginxCommand(program: string, places: Places): Command {
  const errors = `${places.folder}/error.log`
  return [program, '-p', places.folder, '-e', errors, '-c', configure('nginx.conf', places)]
}
