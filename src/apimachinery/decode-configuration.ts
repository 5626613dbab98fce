import { parseYaml } from "./codec/yaml.ts"
import { applyDefaults } from "./defaulting.ts"
import { type FieldError, formatFieldErrors } from "./field-error.ts"
import { formatGroupVersion } from "./meta.ts"
import type { ObjectSchema, Typed } from "./schema.ts"
import { decodeObject } from "./structural.ts"

/** A kind of file that configures a component: declared like kinds of the API, and read as strictly. */
export interface ConfigurationKind<T> {
  readonly group: string
  /** All that are read; they have the same shape. */
  readonly versions: readonly string[]
  readonly kind: string
  readonly schema: ObjectSchema & Typed<T>
}

/** What is wrong with a file; the message names it. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError"
}

/**
 * The object in the text of a file, defaults filled in.
 *
 * @param path how the file is called in errors
 * @throws ConfigurationError for anything that is not exactly such an object: a field that is misspelt must not be taken
 *   for one that is absent
 */
export function decodeConfiguration<T>(text: string, path: string, kind: ConfigurationKind<T>): T {
  return applyDefaults(kind.schema, decodeGivenFields(text, path, kind) as object) as T
}

/** The same without defaults: what the file itself says, for those who must tell that from what it leaves out. */
export function decodeGivenFields<T>(
  text: string,
  path: string,
  { group, versions, kind, schema }: ConfigurationKind<T>,
): Partial<T> {
  return strictly(text, path, (value, strictErrors) => {
    const given = value as { apiVersion?: unknown; kind?: unknown } | null
    const known = versions.map((version) => formatGroupVersion({ group, version }))
    if (given?.kind !== kind || !known.includes(String(given.apiVersion))) {
      throw new Error(`expected kind ${kind} of ${known.join(" or ")}`)
    }
    const { apiVersion: _, kind: __, ...fields } = given
    return decodeObject(schema, fields, strictErrors) as Partial<T>
  })
}

/** The same for files that are older than kinds of configuration: they say nothing of what they are. */
export function decodeBareFields<T>(text: string, path: string, schema: ObjectSchema & Typed<T>): T {
  return strictly(text, path, (value, strictErrors) => decodeObject(schema, value ?? {}, strictErrors) as T)
}

function strictly<T>(text: string, path: string, decode: (value: unknown, strictErrors: string[]) => T): T {
  const strictErrors: string[] = []
  try {
    const decoded = decode(parseYaml(text, strictErrors), strictErrors)
    if (strictErrors.length > 0) throw new Error(`strict decoding error: ${strictErrors.join(", ")}`)
    return decoded
  } catch (error) {
    throw new ConfigurationError(`${path}: ${(error as Error).message}`)
  }
}

/** Throws ConfigurationError when there is something wrong. */
export function refuseInvalid(path: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new ConfigurationError(`${path}: ${formatFieldErrors(errors)}`)
}
