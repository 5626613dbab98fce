import type { KubeObject } from "../../apimachinery/meta.ts"

/**
 * Which webhooks or policies are called again in the second pass: those that want to be, were called, and saw another
 * object than there is now.
 */
export class ReinvocationMemory {
  readonly #called = new Set<string>()
  readonly #toCallAgain = new Set<string>()
  lastOutput: KubeObject | undefined

  /** Whoever was called until now, and asked for it, is to see the object that has changed since. */
  changed(): void {
    for (const uid of this.#called) this.#toCallAgain.add(uid)
    this.#called.clear()
  }

  wasCalled(uid: string): void {
    this.#called.add(uid)
  }

  isToBeCalledAgain(uid: string): boolean {
    return this.#toCallAgain.has(uid)
  }
}
