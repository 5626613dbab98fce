import type { Resource } from "../../apimachinery/resource.ts"
import { message } from "../../apimachinery/schema.ts"

/** Any of the patch formats; which one is said by Content-Type. */
export const Patch = message("io.k8s.apimachinery.pkg.apis.meta.v1.Patch", {})

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
]

/** A custom resource's schema does not say how its lists merge. */
export function patchTypesOf({ declaredSchema }: Pick<Resource, "declaredSchema">): readonly string[] {
  return declaredSchema ? patchTypes.filter((type) => !type.includes("strategic")) : patchTypes
}

/** There are no messages for custom resources. */
export function objectTypesOf({ declaredSchema }: Pick<Resource, "declaredSchema">): readonly string[] {
  return declaredSchema ? objectTypes.filter((type) => !type.includes("protobuf")) : objectTypes
}

export const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

export const watchTypes = [
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
]
