import { formatKey, type KubeObject, keyOf } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import { PodCertificateRequest } from "../../../api/certificates/v1beta1/pod-certificate-request.ts"
import { PersistentVolume } from "../../../api/core/v1/persistent-volume.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { VolumeAttachment } from "../../../api/storage/v1/volume-attachment.ts"
import type { ObjectFollower } from "../object-follower.ts"
import { podReferences } from "../../../api/core/v1/pod-references.ts"
import { volumeSecrets } from "./volume-secrets.ts"

/**
 * What each node has to do with: its pods, what those refer to, the volumes behind their claims, and the Secrets of those
 * volumes. Kept as counted sets per node, so that "may node N see Secret S?" is a look-up:
 *
 *     node -> pod -> secret, configmap, serviceaccount, claim      one set per node, counted by pod
 *     claim <- volume <- secret                                    followed when asked, two more look-ups
 */
export class NodeGraph implements ObjectFollower {
  readonly resources: readonly Resource[] = [
    Pod,
    PersistentVolume,
    VolumeAttachment,
    ResourceSlice,
    PodCertificateRequest,
  ]
  /** By node: how many of its pods refer to "secrets/default/web". */
  readonly #counts = new Map<string, Map<string, number>>()
  /** What each object added, to take it back: by "Pod/default/web". */
  readonly #added = new Map<string, { readonly node: string; readonly references: readonly string[] }>()
  /** By volume: its claim, as a reference. */
  readonly #claims = new Map<string, string>()
  /** By Secret: the volumes that need it. */
  readonly #volumesOfSecret = new Map<string, Set<string>>()
  readonly #secretsOfVolume = new Map<string, readonly string[]>()

  put(object: KubeObject): void {
    this.remove(object)
    if (object.kind === "PersistentVolume") this.#putVolume(object as PersistentVolume)
    else this.#add(object, nodeOf(object), [...referencesOf(object)])
  }

  remove(object: KubeObject): void {
    if (object.kind === "PersistentVolume") return this.#removeVolume(object.metadata.name)
    const key = `${object.kind}/${formatKey(keyOf(object))}`
    const added = this.#added.get(key)
    if (!added) return
    this.#added.delete(key)
    const counts = this.#counts.get(added.node)
    for (const reference of added.references) {
      const left = (counts?.get(reference) ?? 0) - 1
      if (left > 0) counts?.set(reference, left)
      else counts?.delete(reference)
    }
    if (counts?.size === 0) this.#counts.delete(added.node)
  }

  /** Whether the node has to do with the object; `namespace` is "" for cluster-scoped resources. */
  isRelated(node: string, plural: string, namespace: string, name: string): boolean {
    const counts = this.#counts.get(node)
    if (!counts) return false
    if (plural === "persistentvolumes") return this.#needsVolume(counts, name)
    const reference = refer(plural, namespace, name)
    if (counts.has(reference)) return true
    const volumes = plural === "secrets" ? this.#volumesOfSecret.get(reference) : undefined
    return volumes !== undefined && [...volumes].some((volume) => this.#needsVolume(counts, volume))
  }

  #needsVolume(counts: ReadonlyMap<string, number>, volume: string): boolean {
    const claim = this.#claims.get(volume)
    return claim !== undefined && counts.has(claim)
  }

  #add(object: KubeObject, node: string | undefined, references: readonly string[]): void {
    if (!node) return
    this.#added.set(`${object.kind}/${formatKey(keyOf(object))}`, { node, references })
    let counts = this.#counts.get(node)
    if (!counts) this.#counts.set(node, (counts = new Map()))
    for (const reference of references) counts.set(reference, (counts.get(reference) ?? 0) + 1)
  }

  #putVolume(volume: PersistentVolume): void {
    const { name } = volume.metadata
    const claim = volume.spec.claimRef
    if (!claim) return
    this.#claims.set(name, refer("persistentvolumeclaims", claim.namespace ?? "", claim.name ?? ""))
    const secrets = volumeSecrets(volume).map((secret) => refer("secrets", secret.namespace, secret.name))
    this.#secretsOfVolume.set(name, secrets)
    for (const secret of secrets) {
      let volumes = this.#volumesOfSecret.get(secret)
      if (!volumes) this.#volumesOfSecret.set(secret, (volumes = new Set()))
      volumes.add(name)
    }
  }

  #removeVolume(name: string): void {
    this.#claims.delete(name)
    for (const secret of this.#secretsOfVolume.get(name) ?? []) {
      const volumes = this.#volumesOfSecret.get(secret)
      volumes?.delete(name)
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret)
    }
    this.#secretsOfVolume.delete(name)
  }
}

function refer(plural: string, namespace: string, name: string): string {
  return `${plural}/${namespace}/${name}`
}

function nodeOf(object: KubeObject): string | undefined {
  const { spec } = object as KubeObject & { spec?: { nodeName?: string | undefined } }
  return spec?.nodeName
}

const pluralOf: Readonly<Record<string, string>> = {
  VolumeAttachment: "volumeattachments",
  ResourceSlice: "resourceslices",
  PodCertificateRequest: "podcertificaterequests",
}

function* referencesOf(object: KubeObject): Iterable<string> {
  const { name, namespace = "" } = object.metadata
  if (object.kind !== "Pod") return yield refer(pluralOf[object.kind] ?? "", namespace, name)
  // A pod that names a Secret twice counts once.
  const references = new Set<string>()
  for (const { kind, name: target } of podReferences(object as Pod))
    references.add(refer(kind, namespace, target))
  yield* references
}
