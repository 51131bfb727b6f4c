/** The module that `import tap from 'tap'` resolves to while mutants are run. */
// oxlint-disable-next-line import/no-default-export -- as tap has it
export { tap as default } from './stand-in.ts'
