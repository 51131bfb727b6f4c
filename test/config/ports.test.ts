/** Several ports on the command line (DESIGN §5): how they are written, and what does not go together. */
import tap from 'tap'
import type { Config } from '../../src/proxy/config/config.ts'
import { type Env, readConfig } from '../../src/proxy/config/parse.ts'
import { portNames, printPort } from '../../src/proxy/config/ports.ts'

const LOOPBACK = '127.0.0.1'

function config(argv: readonly string[], env: Env = {}): Config {
  const outcome = readConfig(argv, env)
  if (outcome.kind === 'problems') throw new Error(outcome.problems.join('\n'))
  return outcome.config
}

function mistakes(argv: readonly string[], env: Env = {}): readonly string[] {
  const outcome = readConfig(argv, env)
  return outcome.kind === 'problems' ? outcome.problems : []
}

const at = (host: string | undefined, port: number) => ({ host, port })

const written = (argv: readonly string[], env: Env = {}): readonly string[] =>
  config(argv, env).ports.map(printPort)

void tap.test('one port is what --listen, --app and --protocol say', async (t) => {
  t.same(written([]), [':8080=127.0.0.1:3000'])
  t.same(written(['--listen', '127.0.0.1:80', '--app', 'unix:/a', '--protocol', 'tcp']), [
    '127.0.0.1:80=unix:/a,protocol=tcp',
  ])
})

void tap.test('--port again for each, or a variable with spaces between', async (t) => {
  const both = [':8080=127.0.0.1:3000', ':8443=127.0.0.1:3001,protocol=tcp']
  t.same(written(['--port', '8080=3000', '--port=8443=127.0.0.1:3001,protocol=tcp']), both)
  t.same(written([], { LASTCALL_PORT: '8080=3000  8443=3001,protocol=tcp' }), both)
  t.same(written(['--port=80=3000'], { LASTCALL_PORT: '8080=3000 8443=3001' }), [':80=127.0.0.1:3000'])
  t.same(written(['--port=127.0.0.1:80=unix:/run/a=b.sock,protocol=auto']), [
    '127.0.0.1:80=unix:/run/a=b.sock',
  ])
  t.same(written(['--port=[10.0.0.7,fd00::7]:80=127.0.0.1:80', '--port=[::1]:81=[::1]:3000']), [
    '[10.0.0.7,fd00::7]:80=127.0.0.1:80',
    '[::1]:81=[::1]:3000',
  ])
  const { listen, app, protocol } = config(['--port=81=3000,protocol=tcp', '--port=82=3001'])
  t.match({ listen, app, protocol }, { listen: { port: 81 }, app: { port: 3000 }, protocol: 'tcp' })
})

void tap.test('what cannot be read is named, each by itself', async (t) => {
  t.match(mistakes(['--port', '8080', '--port', '8081=', '--port=8082=3000,protocol=http']), [
    /^--port 8080 8081= .*: 8080: the app is missing; write it like .*; 8081=: .*not an address.*; 8082=.*: protocol must be auto or tcp$/,
  ])
  t.match(mistakes(['--port', '99999=3000']), [/99999=3000: 99999: the port is above 65535/])
  t.match(mistakes(['--port', '80=0']), [/port 0 cannot be connected to/])
  t.same(mistakes(['--port']), ['--port: needs a value'])
  t.match(mistakes(['--port=']), [/^--port: is empty/])
  const many = Array.from({ length: 33 }, (_, i) => `${9100 + i}=3000`).join(' ')
  t.match(mistakes([], { LASTCALL_PORT: many }), [/33 ports; at most 32/])
})

void tap.test('options that exclude each other are reported', async (t) => {
  t.same(mistakes(['--port=80=3000', '--listen=:81', '--protocol=tcp'], { LASTCALL_APP: '127.0.0.1:1' }), [
    '--listen: --port says that for each port; give one of the two',
    'LASTCALL_APP: --port says that for each port; give one of the two',
    '--protocol: --port says that for each port; give one of the two',
  ])
  t.same(mistakes(['--port=80=3000', '--port=80=3001']), [
    '--port :80=127.0.0.1:3000 and --port :80=127.0.0.1:3001: both listen on the same port; choose two ports',
  ])
  t.same(mistakes(['--port=10.0.0.1:80=3000', '--port=10.0.0.2:80=3001']), [])
  t.same(mistakes(['--port=80=3000', '--port=9099=3001']), [
    '--port :9099=127.0.0.1:3001 and --admin: both are port 9099; choose two ports',
  ])
  t.same(mistakes(['--port=80=3000', '--port=81=80']), [
    '--port :81=127.0.0.1:80: this is --port :80=127.0.0.1:3000, which is lastcall itself; give the address of the app',
  ])
  t.match(mistakes(['--port=80=3000', '--port=81=3001', '--health=http://127.0.0.1:81/']), [
    /^--health http:\/\/127.0.0.1:81\/: this is --port :81=127.0.0.1:3001, which is lastcall itself/,
  ])
  t.same(mistakes(['--port=80=3000', '--port=81=3001,protocol=tcp', '--lb-health-path=/up']), [])
  t.match(mistakes(['--port=80=3000,protocol=tcp', '--port=81=3001,protocol=tcp', '--lb-health-path=/up']), [
    /^--lb-health-path: protocol=tcp does not read requests/,
  ])
})

void tap.test('a port is called by its number, and by its host where two have the same', async (t) => {
  t.same(portNames([at(undefined, 80), at(LOOPBACK, 81)]), ['80', '81'])
  t.same(portNames([at(LOOPBACK, 80), at('127.0.0.2', 80)]), ['127.0.0.1:80', '127.0.0.2:80'])
})
