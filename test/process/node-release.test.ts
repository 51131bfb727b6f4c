/** What is known to be wrong with a release of Node is said at the start. */
import tap from 'tap'
import { releaseProblem } from '../../src/proxy/process/node-release.ts'

void tap.test('Node 22 hides resets; Node 24 and later do not', async (t) => {
  t.match(releaseProblem('22.19.0'), /^Node 22\.19\.0 can report .* run lastcall with Node 24 or later/)
  for (const version of ['24.0.0', '24.21.0', '26.1.0']) t.equal(releaseProblem(version), undefined)
})
