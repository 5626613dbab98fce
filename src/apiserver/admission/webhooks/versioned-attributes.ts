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
export async function inVersionOf(
  attributes: AdmissionAttributes,
  resource: Resource,
  equivalents: EquivalentResources,
): Promise<VersionedAttributes> {
  const { resource: own, kind, object, oldObject } = attributes
  if (resource === own || !isKindOf(kind, own))
    return { attributes, resource, kind: plain(kind), object, oldObject }
  const convert = async (each: KubeObject | undefined) =>
    each && equivalents.convert(each, own, resource, signalOf(attributes))
  return {
    attributes,
    resource,
    kind: plain(resource),
    object: await convert(object),
    oldObject: await convert(oldObject),
  }
}

/** The object of a version as the request's own version has it. */
export async function fromVersionOf(
  object: KubeObject,
  { attributes, resource, kind }: VersionedAttributes,
  equivalents: EquivalentResources,
): Promise<KubeObject> {
  if (!isKindOf(kind, resource)) return object
  return equivalents.convert(object, resource, attributes.resource, signalOf(attributes))
}

function signalOf({ signal }: AdmissionAttributes): AbortSignal {
  return signal ?? new AbortController().signal
}

export function isKindOf(kind: GroupVersionKind, resource: Resource): boolean {
  return kind.kind === resource.kind && formatGroupVersion(kind) === formatGroupVersion(resource)
}

function plain({ group, version, kind }: GroupVersionKind): GroupVersionKind {
  return { group, version, kind }
}
