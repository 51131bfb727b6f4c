/** Which Node the tools need: the `engines` of package.json. Pure. */

const [MAJOR, MINOR] = [22, 19]

/** Why the tools cannot run in this release of Node (`20.20.2`), as a sentence that says what to do; undefined if they can. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > MAJOR || (major === MAJOR && minor >= MINOR)
    ? undefined
    : `this needs Node.js ${MAJOR}.${MINOR} or later, and runs in ${version}: install a newer one (https://nodejs.org)`
}
