import type { Cipher, CreateCipher } from "./ciphers.ts"
import { type EncryptionConfiguration, isCipher, type Provider, splitGroupResource } from "./configuration.ts"

/** One key, and how what is encrypted with it begins: "k8s:enc:aesgcm:v1:key1:". */
export interface Transformer {
  readonly prefix: Uint8Array
  /** Undefined for identity, which leaves values as they are. */
  readonly cipher: Cipher | undefined
  /** Tells keys apart, also those of the same name. */
  readonly id: string
}

/** For one resource: the first one writes, the first one that can reads. */
export type Transformers = readonly Transformer[]

export type FindTransformers = (group: string, resource: string) => Transformers

const encryptedPrefix = new TextEncoder().encode("k8s:enc:")
const identity: Transformer = { prefix: new Uint8Array(), cipher: undefined, id: "identity" }
const plain: Transformers = [identity]

/** An exact name counts before a whole group, a group before everything; what is not named is not encrypted. */
export function createTransformers(
  { resources = [] }: EncryptionConfiguration,
  createCipher: CreateCipher,
): FindTransformers {
  const byName = new Map<string, Transformer[]>()
  for (const { resources: names = [], providers = [] } of resources) {
    const transformers = providers.flatMap((provider) => fromProvider(provider, createCipher))
    for (const name of names) {
      const { group, resource } = splitGroupResource(name)
      for (const masking of [`*.${group}`, "*.*"]) {
        if (byName.has(masking)) throw new Error(`resource "${name}" is masked by earlier rule "${masking}"`)
      }
      const key = `${resource}.${group}`
      byName.set(key, [...(byName.get(key) ?? []), ...transformers])
    }
  }
  return (group, resource) =>
    byName.get(`${resource}.${group}`) ?? byName.get(`*.${group}`) ?? byName.get("*.*") ?? plain
}

function fromProvider(provider: Provider, createCipher: CreateCipher): Transformer[] {
  return Object.entries(provider).flatMap(([name, configuration]) => {
    if (!isCipher(name)) return name === "identity" ? [identity] : []
    const { keys = [] } = configuration as NonNullable<Provider[typeof name]>
    return keys.map((key) => {
      const prefix = `k8s:enc:${name}:v1:${key.name}:`
      const cipher = createCipher(name, key)
      return { prefix: new TextEncoder().encode(prefix), cipher, id: prefix + key.secret }
    })
  })
}

export function encrypt([first]: Transformers, value: Uint8Array, storeKey: string): Uint8Array {
  const { prefix, cipher } = first!
  if (!cipher) return value
  const sealed = cipher.encrypt(value, storeKey)
  const whole = new Uint8Array(prefix.length + sealed.length)
  whole.set(prefix)
  whole.set(sealed, prefix.length)
  return whole
}

/** What it was, and by which transformer; undefined when no one can tell. */
export function decrypt(
  transformers: Transformers,
  value: Uint8Array,
  storeKey: string,
): { readonly value: Uint8Array; readonly transformer: Transformer } | undefined {
  const isSealed = isEncrypted(value)
  for (const transformer of transformers) {
    const { prefix, cipher } = transformer
    if (!cipher) {
      if (!isSealed) return { value, transformer }
    } else if (startsWith(value, prefix)) {
      // Two keys may bear the same name: the one that fits is found by trying.
      try {
        return { value: cipher.decrypt(value.subarray(prefix.length), storeKey), transformer }
      } catch {
        continue
      }
    }
  }
  return undefined
}

export function isEncrypted(value: Uint8Array): boolean {
  return startsWith(value, encryptedPrefix)
}

function startsWith(value: Uint8Array, prefix: Uint8Array): boolean {
  if (value.length < prefix.length) return false
  for (let index = 0; index < prefix.length; index++) if (value[index] !== prefix[index]) return false
  return true
}
