import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Errors } from "./checks.ts"

/** A NameRule for names that have to say what else is in the object. */
export type ObjectNameRule = (name: string, prefix: boolean, object: KubeObject) => string[]

/**
 * What is special about one kind on its way into the store; every part may be absent. Objects are decoded, have their
 * defaults, and are in the storage version. What holds for metadata of all kinds is not part of it.
 */
export interface KindRules<T extends KubeObject = KubeObject> {
  /** Subdomains of the DNS if absent. */
  readonly nameRule?: ObjectNameRule
  /** Who gives no name gets one. @default false */
  readonly namesItself?: boolean
  /** Sets what its writer has no say in. Changes `object` in place. @param now as RFC 3339 */
  prepareForCreate?(object: T, now: string): void
  prepareForUpdate?(object: T, old: T, now: string): void
  prepareForStatusUpdate?(object: T, old: T, now: string): void
  validate?(object: T): Errors
  /** All that is wrong with the new state; absent where only `validate` counts. */
  validateUpdate?(object: T, old: T): Errors
  /** @param now as RFC 3339 */
  validateStatusUpdate?(object: T, old: T, now: string): Errors
  /** By the name of a subresource that writes the object: "resize". */
  readonly subresources?: Readonly<Record<string, (object: T, old: T) => Errors>>
  /** What the writer should know, and the write succeeds nevertheless. */
  warnings?(object: T, old: T | undefined): Iterable<string>
}

/** By plural name. */
export type RulesByResource = Readonly<Record<string, KindRules>>

/** For tables that hold rules of several kinds. */
export function rules<T extends KubeObject>(kindRules: KindRules<T>): KindRules {
  return kindRules as unknown as KindRules
}
