import { dnsSubdomainName } from "../../apimachinery/names.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { Mutable, Strategy } from "./strategy.ts"

/**
 * What holds for most kinds: the status belongs to the status subresource, and a change of anything that is wished for is
 * a new generation.
 */
export function defaultStrategy(resource: Resource, special: Partial<Strategy> = {}): Strategy {
  return {
    nameRule: dnsSubdomainName,
    allowsCreateOnUpdate: false,
    allowsUnconditionalUpdate: true,
    garbageCollection: "background",
    hasGeneration: resource.hasStatus,
    returnsDeletedObject: false,
    statusKeepsMetadata: false,
    prepareForCreate(object) {
      if (resource.hasStatus) clearStatus(object, resource)
    },
    prepareForUpdate(object, old) {
      if (resource.hasStatus) copyField(object, old, "status")
    },
    prepareForStatusUpdate(object, old) {
      keepAllBut(object, old, ["status", "metadata"])
    },
    validate: () => [],
    validateUpdate: () => [],
    validateStatusUpdate: () => [],
    validateSubresource: () => [],
    warnings: () => [],
    ...special,
  }
}

/** A status that a writer sends along with a new object means nothing. */
function clearStatus(object: Mutable, { schema }: Resource): void {
  if (schema.fields["status"]?.presence === "explicit") delete object["status"]
  else object["status"] = {}
}

export function copyField(object: Mutable, old: KubeObject, field: string): void {
  const value = (old as Mutable)[field]
  if (value === undefined) delete object[field]
  else object[field] = value
}

/** Every top-level field but `writable` is the old object's. */
export function keepAllBut(object: Mutable, old: KubeObject, writable: readonly string[]): void {
  for (const field of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (!writable.includes(field)) copyField(object, old, field)
  }
}

/** One more when anything beside metadata and status differs, or when who prepared the object wants it so. */
export function bumpGeneration(object: Mutable, old: KubeObject): void {
  const generation = old.metadata.generation ?? 0
  const differs = Object.keys({ ...object, ...old }).some(
    (field) =>
      field !== "metadata" && field !== "status" && !deepEqual(object[field], (old as Mutable)[field]),
  )
  object.metadata.generation = differs ? generation + 1 : (object.metadata.generation ?? generation)
}
