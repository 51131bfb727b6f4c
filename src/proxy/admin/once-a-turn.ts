/** What is costly to make, and asked for by strangers as often as they like: made once in a turn of the event loop. Shell. */

/** Returns what `make` gave, to everybody who asks before the event loop has been round. An error is not kept. */
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
