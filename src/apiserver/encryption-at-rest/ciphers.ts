import type { CipherName, Key } from "./configuration.ts"

/** Turns a value into something that means nothing without the key, and back. */
export interface Cipher {
  /** @param storeKey where the value is kept: what is moved elsewhere must not be taken for good */
  encrypt(value: Uint8Array, storeKey: string): Uint8Array
  /** Throws when it was not made with this key, or has been changed. */
  decrypt(value: Uint8Array, storeKey: string): Uint8Array
}

/** real/ciphers.ts */
export type CreateCipher = (name: CipherName, key: Key) => Cipher
