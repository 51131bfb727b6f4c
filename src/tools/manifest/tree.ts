/**
 * Manifests as plain trees, and paths in them: reading what may be anything without trusting it. Pure; knows neither
 * YAML nor Kubernetes.
 */
export type Tree = string | number | boolean | null | readonly Tree[] | Branch
export interface Branch {
  readonly [key: string]: Tree
}
export type Path = readonly (string | number)[]

/** The map at `tree`, or an empty one. */
export function branch(tree: Tree | undefined): Branch {
  return isBranch(tree) ? tree : {}
}

export function isBranch(tree: Tree | undefined): tree is Branch {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree)
}

/** The list at `tree`, or an empty one. */
export function list(tree: Tree | undefined): readonly Tree[] {
  return Array.isArray(tree) ? (tree as readonly Tree[]) : []
}

/** A text, or undefined. */
export function text(tree: Tree | undefined): string | undefined {
  return typeof tree === 'string' ? tree : undefined
}

/** A number, or undefined. */
export function number(tree: Tree | undefined): number | undefined {
  return typeof tree === 'number' ? tree : undefined
}

/** What is at `path`, or undefined where the path ends early. */
export function at(tree: Tree | undefined, ...path: Path): Tree | undefined {
  let here = tree
  for (const step of path) {
    if (typeof step === 'number') here = list(here)[step]
    else here = Object.hasOwn(branch(here), step) ? branch(here)[step] : undefined
  }
  return here
}

/** Whether all that `wanted` says is in `there`, which may say more (the API server fills in defaults). */
export function covers(there: Tree | undefined, wanted: Tree): boolean {
  if (Array.isArray(wanted)) {
    const items = wanted as readonly Tree[]
    return (
      Array.isArray(there) &&
      there.length === items.length &&
      items.every((item, i) => covers(list(there)[i], item))
    )
  }
  if (isBranch(wanted))
    return isBranch(there) && Object.entries(wanted).every(([key, value]) => covers(there[key], value))
  return there === wanted
}

/** `spec.ports[0].targetPort` */
export function printPath(path: Path): string {
  let said = ''
  for (const step of path) {
    if (typeof step === 'number') said += `[${step}]`
    else if (/^[\w-]+$/.test(step)) said += said === '' ? step : `.${step}`
    else said += `[${JSON.stringify(step)}]`
  }
  return said
}
