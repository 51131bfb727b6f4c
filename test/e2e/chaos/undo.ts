/** What a fault changes outside of the namespace, and how that is taken back: also when the run is interrupted. */
import type { Kubectl } from '../kubectl.ts'

type Back = (kubectl: Kubectl) => Promise<unknown>

export class Undo {
  readonly #kubectl: Kubectl
  readonly #open = new Map<string, Back>()

  /** `kubectl`: one that still works after an interruption. */
  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl
  }

  /** Does `act` and takes it back, however it ends. `back` may run twice, and must do no harm then. */
  async around<T>(what: string, back: Back, act: () => Promise<T>): Promise<T> {
    this.#open.set(what, back)
    try {
      return await act()
    } finally {
      await back(this.#kubectl)
      this.#open.delete(what)
    }
  }

  /** Takes back what is still open, and says what could not be. */
  async rest(say: (line: string) => void): Promise<void> {
    for (const [what, back] of this.#open) {
      say(`taking back: ${what}`)
      await back(this.#kubectl).catch((error: Error) => say(`not taken back: ${what}: ${error.message}`))
    }
    this.#open.clear()
  }
}
