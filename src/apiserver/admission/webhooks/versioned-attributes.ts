import { formatGroupVersion, type GroupVersionKind, type KubeObject } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import type { EquivalentResources } from "../../registry/equivalent-resources.ts"
import type { AdmissionAttributes } from "../admission.ts"

/** A write as it looks in another version of the same objects. */
export interface VersionedAttributes {
  /** As the request itself has it. */
  readonly attributes: AdmissionAttributes
  readonly resource: Resource
  readonly kind: GroupVersionKind
  readonly object: KubeObject | undefined
  readonly oldObject: KubeObject | undefined
}

/** Objects of their own kind (Scale, Eviction, the options of CONNECT) are the same in all versions of the resource. */
export function inVersionOf(
  attributes: AdmissionAttributes,
  resource: Resource,
  equivalents: EquivalentResources,
): VersionedAttributes {
  const { resource: own, kind, object, oldObject } = attributes
  if (resource === own || !isKindOf(kind, own))
    return { attributes, resource, kind: plain(kind), object, oldObject }
  const convert = (each: KubeObject | undefined) => each && equivalents.convert(each, own, resource)
  return {
    attributes,
    resource,
    kind: plain(resource),
    object: convert(object),
    oldObject: convert(oldObject),
  }
}

/** The object of a version as the request's own version has it. */
export function fromVersionOf(
  object: KubeObject,
  { attributes, resource, kind }: VersionedAttributes,
  equivalents: EquivalentResources,
): KubeObject {
  return isKindOf(kind, resource) ? equivalents.convert(object, resource, attributes.resource) : object
}

export function isKindOf(kind: GroupVersionKind, resource: Resource): boolean {
  return kind.kind === resource.kind && formatGroupVersion(kind) === formatGroupVersion(resource)
}

function plain({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind }
}
