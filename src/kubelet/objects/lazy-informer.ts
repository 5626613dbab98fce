import { orAborted } from "../../base/on-abort.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { Informer, type InformerOptions } from "../../client/informer.ts"

export interface LazyInformerOptions<T extends KubeObject> extends InformerOptions<T> {
  readonly signal: AbortSignal
  readonly changed: (object: T) => void
}

/** A collection that few nodes need: it is followed from the first time that somebody asks for it. */
export class LazyInformer<T extends KubeObject> {
  readonly #options: LazyInformerOptions<T>
  #informer: Informer<T> | undefined

  constructor(options: LazyInformerOptions<T>) {
    this.#options = options
  }

  /** Everything that is there. */
  async list(): Promise<readonly T[]> {
    const { signal, changed, log } = this.#options
    if (!this.#informer) {
      const informer = new Informer<T>(this.#options)
      this.#informer = informer
      informer.run(signal).catch((error: unknown) => log.error("objects are no longer followed", { error }))
      await orAborted(informer.synced, signal)
      informer.onChange((current, previous) => changed((current ?? previous)!))
    }
    await orAborted(this.#informer.synced, signal)
    return this.#informer.objects.list()
  }
}
