/** Prints `name@version` of development dependencies, for the images of tests that need them: `node dependencies.mjs ws`. */
import { readFileSync } from 'node:fs'

const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
console.log(
  process.argv
    .slice(2)
    .map((name) => `${name}@${devDependencies[name]}`)
    .join(' '),
)
