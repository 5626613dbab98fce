import type { KubeObject } from "../../apimachinery/meta.ts"
import { PartialObjectMetadata, PartialObjectMetadataList } from "../../apimachinery/meta-types.ts"
import type { BodyKind } from "../registry/view.ts"

/** An object's metadata alone, for those who need no more of it. */
export function partialMetadata({ metadata }: KubeObject, version: "v1" | "v1beta1"): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata }
}

export function partialMetadataList(
  objects: readonly KubeObject[],
  metadata: object,
  version: "v1" | "v1beta1",
): object {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    // Upstream makes the list only when there is something to put in it.
    items: objects.length > 0 ? objects.map((object) => partialMetadata(object, version)) : null,
  }
}

export function partialKind(version: string): BodyKind {
  return { group: "meta.k8s.io", version, kind: "PartialObjectMetadata", schema: PartialObjectMetadata }
}

export function partialListKind(version: string): BodyKind {
  return {
    group: "meta.k8s.io",
    version,
    kind: "PartialObjectMetadataList",
    schema: PartialObjectMetadataList,
  }
}
