/**
 * The app of a rehearsal, as a program: `node app.js PORT`. Worst case on purpose: SIGTERM ends it at once with the
 * work in hand. $POD is its name, $LEDGER the file of its ledger; $HOST is the address to listen on, if not loopback;
 * $IDLE_MS is how long an idle connection is kept.
 */

import { createServer } from 'node:http'
import { answers } from './answers.ts'

const port = Number(process.argv[2] ?? process.env['PORT'])
const server = createServer(answers(process.env['POD'] ?? 'app', process.env['LEDGER']))
server.keepAliveTimeout = Number(process.env['IDLE_MS'] ?? 75_000)
server.listen(port, process.env['HOST'] ?? '127.0.0.1')
// The first process of a container ignores a signal that it does not handle: hence this line.
process.on('SIGTERM', () => process.exit(0))
