import type { ServedResources } from "./served-resources.ts"

/** What is computed from the served resources when it is first asked for, and again after they have changed. */
export class Derived<T> {
  readonly #compute: () => T
  #value: { readonly value: T } | undefined = undefined

  constructor(resources: ServedResources, compute: () => T) {
    this.#compute = compute
    resources.onChange(() => (this.#value = undefined))
  }

  get(): T {
    return (this.#value ??= { value: this.#compute() }).value
  }
}
