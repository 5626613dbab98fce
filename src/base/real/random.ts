import { randomBytes } from "node:crypto"
import type { Random } from "../random.ts"

/** The system's cryptographic generator. `fork` gives the same one: there is no seed to split. */
export const realRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (length) => new Uint8Array(randomBytes(length)),
  fork: () => realRandom,
}
