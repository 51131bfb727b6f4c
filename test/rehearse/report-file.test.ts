/** The files of a report: what cannot be written is known before, and what was there is never half replaced. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import tap from 'tap'
import { unwritable, writeWhole } from '../../src/tools/rehearsal/report-file.ts'
import { file, folder } from '../fixtures/folder.ts'

void tap.test(
  'a file that can be written: new, there already, or a link; the trial leaves nothing',
  async (t) => {
    const home = folder(t)
    const old = file(home, 'old.html', 'old')
    symlinkSync(old, join(home, 'link.html'))
    for (const name of ['new.html', 'old.html', 'link.html'])
      t.equal(unwritable(join(home, name)), undefined, name)
    t.same(readdirSync(home).toSorted(), ['link.html', 'old.html'])
    t.equal(readFileSync(old, 'utf8'), 'old')
  },
)

void tap.test('why it cannot be written', async (t) => {
  const home = folder(t)
  t.equal(unwritable(home), 'it is a folder')
  t.equal(unwritable(join(home, 'no', 'where.html')), `there is no folder ${join(home, 'no')}`)
  t.match(unwritable(join(file(home, 'x', ''), 'y.html')), /there is no folder/)
  t.match(unwritable(join(home, `${'x'.repeat(300)}.html`)), /ENAMETOOLONG/)
  const shut = join(home, 'shut')
  mkdirSync(shut)
  chmodSync(shut, 0o500)
  // root may write everywhere.
  if (process.getuid?.() !== 0) t.equal(unwritable(join(shut, 'a.html')), 'permission denied')
  t.equal(unwritable('/proc/a.html') === undefined, false, 'the system refuses new files there')
})

void tap.test('it is replaced as a whole, through a link, and nothing else is left', async (t) => {
  const home = folder(t)
  const old = file(home, 'old.html', 'old')
  symlinkSync(old, join(home, 'link.html'))
  writeWhole(join(home, 'link.html'), 'new')
  t.equal(readFileSync(old, 'utf8'), 'new')
  t.ok(lstatSync(join(home, 'link.html')).isSymbolicLink())
  t.throws(() => writeWhole(join(home, 'no', 'where.html'), 'x'), { code: 'ENOENT' })
  t.same(readdirSync(home).toSorted(), ['link.html', 'old.html'])
})

void tap.test('what is no file is written as it is', async (t) => {
  // By a link, so that only the link is lost if it is replaced after all.
  const device = join(folder(t), 'null')
  symlinkSync('/dev/null', device)
  t.equal(unwritable(device), undefined)
  writeWhole(device, 'x')
  t.ok(lstatSync(device).isSymbolicLink(), 'and not replaced')
})
