import { randomBytes } from "node:crypto"
import type { Random } from "../random.ts"

// Drawn in advance: a call for sixteen bytes costs nearly as much as one for a few thousand.
const poolBytes = 4096
let pool = Buffer.alloc(0)
let used = 0

function draw(length: number): Buffer {
  if (length > poolBytes) return randomBytes(length)
  if (used + length > pool.length) {
    pool = randomBytes(poolBytes)
    used = 0
  }
  used += length
  return pool.subarray(used - length, used)
}

/** The system's cryptographic generator. `fork` gives the same one: there is no seed to split. */
export const realRandom: Random = {
  next: () => draw(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length) => new Uint8Array(draw(length)),
  fork: () => realRandom,
}
