import type { Random } from "../random.ts"

/**
 * A seeded generator (xoshiro128**, 128 bits of state, https://prng.di.unimi.it). Forks are seeded by their name and the
 * parent's seed, not by its position, so one more draw in one component does not shift the others.
 */
export class SeededRandom implements Random {
  readonly #seed: string
  readonly #state: Uint32Array

  constructor(seed: string) {
    this.#seed = seed
    this.#state = new Uint32Array(4)
    let hash = 2166136261
    for (let word = 0; word < 4; word++) {
      for (let index = 0; index < seed.length; index++)
        hash = Math.imul(hash ^ seed.charCodeAt(index), 16777619)
      hash = Math.imul(hash ^ (hash >>> 15) ^ (word + 1), 2246822507)
      this.#state[word] = hash >>> 0 || word + 1
    }
    for (let warm = 0; warm < 8; warm++) this.#uint32()
  }

  next(): number {
    return this.#uint32() / 2 ** 32
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#uint32() & 0xff)
  }

  fork(name: string): Random {
    return new SeededRandom(`${this.#seed}/${name}`)
  }

  #uint32(): number {
    const state = this.#state
    const result = Math.imul(rotateLeft(Math.imul(state[1]!, 5), 7), 9) >>> 0
    const shifted = state[1]! << 9
    state[2]! ^= state[0]!
    state[3]! ^= state[1]!
    state[1]! ^= state[2]!
    state[0]! ^= state[3]!
    state[2]! ^= shifted
    state[3] = rotateLeft(state[3]!, 11)
    return result
  }
}

function rotateLeft(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0
}
