/** What a command prints: on a terminal, without one, and with `-o json`. */
import tap from 'tap'
import { Printer } from '../../src/tools/cluster/printer.ts'

class Screen {
  text = ''
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
  constructor(isTTY: boolean, columns = 80, rows = 24) {
    this.isTTY = isTTY
    this.columns = columns
    this.rows = rows
  }
  write(text: string): void {
    this.text += text
  }
  /** What the user sees: a cursor that goes up, and a screen that is cleared below it. */
  get seen(): string[] {
    const rows: string[] = []
    // oxlint-disable-next-line no-control-regex -- the escape sequences that a terminal obeys
    for (const [, up, text] of this.text.matchAll(/\x1b\[(\d+)A\x1b\[J|([^\x1b\n]*)\n/g))
      if (up === undefined) rows.push(text!)
      else rows.splice(rows.length - Number(up))
    return rows
  }
}

void tap.test('on a terminal, lines move below those that stay', async (t) => {
  const screen = new Screen(true)
  const printer = new Printer(screen, screen, 'text')
  printer.moving(['web-1 starting', 'web-2 starting'])
  printer.line('step 1 of 2')
  printer.moving(['web-1 ready'])
  t.same(screen.seen, ['step 1 of 2', 'web-1 ready'])
  printer.warn('Warning: slow')
  t.same(screen.seen, ['step 1 of 2', 'Warning: slow', 'web-1 ready'])
  printer.settle()
  printer.moving(['step 2'])
  printer.clear()
  t.same(screen.seen, ['step 1 of 2', 'Warning: slow', 'web-1 ready'])
})

void tap.test('a line that moves never wraps: the next one could not take its place', async (t) => {
  const screen = new Screen(true, 20)
  new Printer(screen, screen, 'text').moving(['x'.repeat(50)])
  t.same(screen.seen, [`${'x'.repeat(18)}…`])
})

void tap.test('without a terminal, each new line is printed once', async (t) => {
  const out = new Screen(false)
  const errors = new Screen(false)
  const printer = new Printer(out, errors, 'text')
  printer.moving(['a starting', 'b starting'])
  printer.moving(['a ready', 'b starting'])
  printer.line('done')
  printer.warn('Warning: odd')
  printer.data({ not: 'asked for' })
  t.equal(out.text, 'a starting\nb starting\na ready\ndone\n')
  t.equal(errors.text, 'Warning: odd\n')
})

void tap.test('with -o json, standard output has the data and nothing else', async (t) => {
  const out = new Screen(true)
  const errors = new Screen(false)
  const printer = new Printer(out, errors, 'json')
  printer.line('step 1')
  printer.moving(['a ready'])
  printer.data({ pods: 1 })
  t.same(JSON.parse(out.text), { pods: 1 })
  t.equal(errors.text, 'step 1\na ready\n')
})

void tap.test('no more lines move than the screen has: the cursor cannot go back to others', async (t) => {
  const screen = new Screen(true, 80, 6)
  const printer = new Printer(screen, screen, 'text')
  const pods = Array.from({ length: 40 }, (_, i) => `web-${i} starting`)
  printer.moving([...pods, '3 of 40 new pods are there'])
  printer.moving([...pods, '4 of 40 new pods are there'])
  const shown = ['web-0 starting', 'web-1 starting', 'web-2 starting', '  (and 37 more)']
  t.same(screen.seen, [...shown, '4 of 40 new pods are there'])
})

void tap.test('what a pod says does not move the cursor, nor name the window', async (t) => {
  const evil = 'a\x1b[2Jb\x1b]0;c\x07\rd\x9be\u202ef'
  const [out, errors] = [new Screen(false), new Screen(false)]
  const plain = new Printer(out, errors, 'text')
  plain.line(evil)
  plain.warn(evil)
  plain.moving([evil])
  t.equal(out.text, 'a?[2Jb?]0;c??d?e?f\n'.repeat(2))
  t.equal(errors.text, 'a?[2Jb?]0;c??d?e?f\n')
  const screen = new Screen(true)
  new Printer(screen, screen, 'text').moving(['one\ntwo'])
  t.same(screen.seen, ['one two'], 'one row, as it is counted')
})

void tap.test('TERM=dumb knows no escape sequences: lines do not move', async (t) => {
  const screen = new Screen(true)
  const printer = new Printer(screen, screen, 'text', true)
  printer.moving(['a starting'])
  printer.line('step')
  printer.moving(['a ready'])
  printer.clear()
  t.equal(screen.text, 'a starting\nstep\na ready\n')
})
