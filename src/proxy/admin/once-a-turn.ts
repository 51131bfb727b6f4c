/**
 * For values that are expensive to compute and that strangers may request at any rate: computed at most once per turn
 * of the event loop. Shell.
 */

/**
 * Returns a function that gives all callers in one turn of the event loop the same result of `make`. An error is not
 * kept.
 */
export function onceATurn<Value>(make: () => Value): () => Value {
  let kept: { readonly value: Value } | undefined
  return () => {
    if (kept !== undefined) return kept.value
    const value = make()
    kept = { value }
    setImmediate(() => (kept = undefined))
    return value
  }
}
