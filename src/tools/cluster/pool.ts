/** Calls, several at a time and never more than that. Pure. */

/** What `work` makes of each item, in the order of the items; `width` of them at a time. Rejects as soon as one does. */
export async function eachOf<Item, Made>(
  items: readonly Item[],
  width: number,
  work: (item: Item) => Promise<Made>,
): Promise<Made[]> {
  const made: Made[] = Array.from({ length: items.length })
  const queue = items.entries()
  const lane = async () => {
    for (const [i, item] of queue) made[i] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return made
}
