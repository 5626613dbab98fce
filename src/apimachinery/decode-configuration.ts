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
  const strictErrors: string[] = []
  try {
    const value = parseYaml(text, strictErrors) as { apiVersion?: unknown; kind?: unknown } | null
    const known = versions.map((version) => formatGroupVersion({ group, version }))
    if (value?.kind !== kind || !known.includes(String(value.apiVersion))) {
      throw new Error(`expected kind ${kind} of ${known.join(" or ")}`)
    }
    const { apiVersion: _, kind: __, ...fields } = value
    const decoded = decodeObject(schema, fields, strictErrors)
    if (strictErrors.length > 0) throw new Error(`strict decoding error: ${strictErrors.join(", ")}`)
    return decoded as Partial<T>
  } catch (error) {
    throw new ConfigurationError(`${path}: ${(error as Error).message}`)
  }
}

/** Throws ConfigurationError when there is something wrong. */
export function refuseInvalid(path: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new ConfigurationError(`${path}: ${formatFieldErrors(errors)}`)
}
