import { BaseSequencer, type TestSequencerConstructor } from "vitest/node"

/** Where files run side by side, one that takes minutes must not be the last to begin: these go first, in this order. */
export function longestFirst(files: readonly string[]): TestSequencerConstructor {
  const rank = (path: string) => {
    const found = files.findIndex((each) => path.endsWith(each))
    return found === -1 ? files.length : found
  }
  return class {
    readonly #usual: BaseSequencer

    constructor(context: ConstructorParameters<typeof BaseSequencer>[0]) {
      this.#usual = new BaseSequencer(context)
    }

    shard(...args: Parameters<BaseSequencer["shard"]>) {
      return this.#usual.shard(...args)
    }

    async sort(...args: Parameters<BaseSequencer["sort"]>) {
      const sorted = await this.#usual.sort(...args)
      return sorted.toSorted((a, b) => rank(a.moduleId) - rank(b.moduleId))
    }
  }
}
