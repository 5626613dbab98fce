import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto"
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Certificate, decodeCertificate } from "../../base/real/x509/certificate.ts"
import { privateKeyPem, publicKeyInfo } from "../../base/real/x509/keys.ts"
import { decodePem, encodePem } from "../../base/real/x509/pem.ts"

/** A certificate with its private key, in the forms their users ask for. */
export interface KeyPair {
  readonly certificatePem: string
  readonly keyPem: string
  readonly certificate: Certificate
  readonly der: Uint8Array
  readonly key: KeyObject
}

export function keyPair(der: Uint8Array, key: KeyObject): KeyPair {
  return {
    certificatePem: encodePem("CERTIFICATE", der),
    keyPem: privateKeyPem(key),
    certificate: decodeCertificate(der),
    der,
    key,
  }
}

/** Reads NAME.crt and NAME.key; undefined when either is missing, damaged, or does not belong to the other. */
export function findKeyPair(directory: string, name: string): KeyPair | undefined {
  const certificatePem = findFile(join(directory, `${name}.crt`))
  const keyPem = findFile(join(directory, `${name}.key`))
  if (certificatePem === undefined || keyPem === undefined) return undefined
  try {
    const [der] = decodePem("CERTIFICATE", certificatePem)
    if (!der) return undefined
    const certificate = decodeCertificate(der)
    const key = createPrivateKey(keyPem)
    // The two files are written one after the other: a crash between them leaves strangers.
    if (!Buffer.from(publicKeyInfo(key)).equals(certificate.publicKey)) return undefined
    return { certificatePem, keyPem, certificate, der, key }
  } catch {
    return undefined
  }
}

export function writeKeyPair(directory: string, name: string, pair: KeyPair): void {
  writeSecretly(join(directory, `${name}.key`), pair.keyPem)
  writeWhole(join(directory, `${name}.crt`), pair.certificatePem, 0o644)
}

/** The key that signs ServiceAccount tokens: sa.key, and sa.pub for those who only check. */
export interface SigningKey {
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}

export function findSigningKey(directory: string, name: string): SigningKey | undefined {
  const pem = findFile(join(directory, `${name}.key`))
  return pem === undefined ? undefined : signingKey(createPrivateKey(pem))
}

export function signingKey(key: KeyObject): SigningKey {
  const publicKeyPem = createPublicKey(key).export({ type: "spki", format: "pem" }) as string
  return { privateKeyPem: privateKeyPem(key), publicKeyPem }
}

export function writeSigningKey(directory: string, name: string, key: SigningKey): void {
  writeSecretly(join(directory, `${name}.key`), key.privateKeyPem)
  writeWhole(join(directory, `${name}.pub`), key.publicKeyPem, 0o644)
}

/** Mode 0600, complete or not at all. */
export function writeSecretly(path: string, content: string): void {
  writeWhole(path, content, 0o600)
}

function writeWhole(path: string, content: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.new`
  writeFileSync(temporary, content, { mode })
  renameSync(temporary, path)
}

function findFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}
