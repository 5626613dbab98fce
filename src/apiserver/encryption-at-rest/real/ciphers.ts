import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { xsalsa20poly1305 } from "@noble/ciphers/salsa.js"
import type { Cipher, CreateCipher } from "../ciphers.ts"

// The layouts are upstream's: what one server has written the other can read.

const makers = { aesgcm: aesGcm, aescbc: aesCbc, secretbox } as const

export const createCipher: CreateCipher = (name, { secret = "" }) =>
  makers[name](new Uint8Array(Buffer.from(secret, "base64")))

const gcmNonceBytes = 12
const gcmTagBytes = 16

/** Nonce, then the encrypted value, then its tag. The key in the store is part of what the tag vouches for. */
function aesGcm(key: Uint8Array): Cipher {
  const algorithm = `aes-${key.length * 8}-gcm` as CipherGCMTypes
  return {
    encrypt(value, storeKey) {
      const nonce = randomBytes(gcmNonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce)
      cipher.setAAD(Buffer.from(storeKey, "latin1"))
      return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()])
    },
    decrypt(value, storeKey) {
      if (value.length < gcmNonceBytes + gcmTagBytes) throw tooShort()
      const decipher = createDecipheriv(algorithm, key, value.subarray(0, gcmNonceBytes), {
        authTagLength: gcmTagBytes,
      })
      decipher.setAAD(Buffer.from(storeKey, "latin1"))
      decipher.setAuthTag(value.subarray(-gcmTagBytes))
      const sealed = value.subarray(gcmNonceBytes, -gcmTagBytes)
      return Buffer.concat([decipher.update(sealed), decipher.final()])
    },
  }
}

const blockBytes = 16

/** Initialization vector, then the encrypted value. Nothing vouches for it: for what was written long ago. */
function aesCbc(key: Uint8Array): Cipher {
  const algorithm = `aes-${key.length * 8}-cbc`
  return {
    encrypt(value) {
      const vector = randomBytes(blockBytes)
      const cipher = createCipheriv(algorithm, key, vector)
      return Buffer.concat([vector, cipher.update(value), cipher.final()])
    },
    decrypt(value) {
      if (value.length < 2 * blockBytes) throw tooShort()
      const decipher = createDecipheriv(algorithm, key, value.subarray(0, blockBytes))
      return Buffer.concat([decipher.update(value.subarray(blockBytes)), decipher.final()])
    },
  }
}

const boxNonceBytes = 24

/** Nonce, then NaCl's secretbox: XSalsa20 and Poly1305. */
function secretbox(key: Uint8Array): Cipher {
  return {
    encrypt(value) {
      const nonce = randomBytes(boxNonceBytes)
      return Buffer.concat([nonce, xsalsa20poly1305(key, nonce).encrypt(value)])
    },
    decrypt(value) {
      if (value.length < boxNonceBytes + gcmTagBytes) throw tooShort()
      return xsalsa20poly1305(key, value.slice(0, boxNonceBytes)).decrypt(value.slice(boxNonceBytes))
    },
  }
}

function tooShort(): Error {
  return new Error("the stored data was shorter than the required size")
}
