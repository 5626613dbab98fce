/**
 * What the passes of the mutating plugins over one write know of each other. When a webhook or policy has changed the
 * object, all plugins see it a second time: the built-in ones as ever, webhooks and policies only if they asked for it
 * (`reinvocationPolicy: IfNeeded`) and were called before.
 */
export interface Reinvocation {
  /** This is the second pass. */
  readonly isReinvoke: boolean
  /** Asks for a second pass; there is never a third. */
  requireReinvocation(): void
  /** What a plugin wants to find again in the second pass. */
  memoryOf<T>(plugin: string, make: () => T): T
}

export class ReinvocationState implements Reinvocation {
  isReinvoke = false
  isRequired = false
  readonly #memories = new Map<string, unknown>()

  requireReinvocation(): void {
    this.isRequired = true
  }

  memoryOf<T>(plugin: string, make: () => T): T {
    if (!this.#memories.has(plugin)) this.#memories.set(plugin, make())
    return this.#memories.get(plugin) as T
  }
}
