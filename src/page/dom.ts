/** The page's elements, and the one way in which text gets there: as text. What clients send can never become markup. */

export function byId(id: string): HTMLElement
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind
export function byId(id: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`the page has no such #${id}`)
  return found
}

/** Writes only what differs: the age of each request is drawn many times a second. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** A data attribute, or without a value none. */
export function mark(element: Element, name: string, value: string | undefined): void {
  const attribute = `data-${name}`
  if (value === undefined) element.removeAttribute(attribute)
  else if (element.getAttribute(attribute) !== value) element.setAttribute(attribute, value)
}

export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  text = '',
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  if (text !== '') made.textContent = text
  return made
}

/** Brings the children of a list to this number, by making some at its end or removing them there. */
export function resize<Tag extends keyof HTMLElementTagNameMap>(
  list: Element,
  count: number,
  tag: Tag,
): HTMLElementTagNameMap[Tag][] {
  while (list.children.length > count) list.lastElementChild!.remove()
  while (list.children.length < count) list.append(make(tag))
  return [...list.children] as HTMLElementTagNameMap[Tag][]
}
