import { createHash } from "node:crypto"

/**
 * Web Crypto computes digests on other threads: how long that takes in real time would decide what happens first in
 * simulated time, and a busy machine would have other runs than a quiet one. Here they are there at once.
 */
export function useSynchronousDigests(): void {
  const digest = async (
    algorithm: string | { readonly name: string },
    data: ArrayBuffer | ArrayBufferView,
  ) => {
    const name = typeof algorithm === "string" ? algorithm : algorithm.name
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)
    return new Uint8Array(createHash(name.replace("-", "").toLowerCase()).update(bytes).digest()).buffer
  }
  Object.defineProperty(crypto.subtle, "digest", { value: digest, configurable: true })
}
