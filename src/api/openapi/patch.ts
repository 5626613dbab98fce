import { message } from "../../apimachinery/schema.ts"

/** Any of the patch formats; which one is said by Content-Type. */
export const Patch = message("io.k8s.apimachinery.pkg.apis.meta.v1.Patch", {})

export const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
]

export const objectTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"]

export const watchTypes = [
  "application/json;stream=watch",
  "application/vnd.kubernetes.protobuf;stream=watch",
]
