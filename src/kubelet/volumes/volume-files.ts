import { decodeBase64 } from "../../base/base64.ts"
import type { ConfigMap } from "../../api/core/v1/config-map.ts"
import type { DownwardAPIVolumeFile } from "../../api/core/v1/downward-api.ts"
import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
} from "../../api/core/v1/projected-volume.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import type { Secret } from "../../api/core/v1/secret.ts"
import type { Volume } from "../../api/core/v1/volume.ts"
import { containerResource, podField, type PodAddresses } from "../containers/pod-field.ts"

/** The files of a volume, by path relative to it. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>

export interface VolumeFile {
  readonly content: Uint8Array
  readonly mode: number
  /** Its user, if not root. */
  readonly owner?: number
}

export interface FileSources {
  findConfigMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  findSecret(namespace: string, name: string): Promise<Secret | undefined>
  /** A current token of the pod's service account. */
  token(pod: Pod, audience: string, expirationSeconds: number): Promise<string>
  /** PEM of a ClusterTrustBundle or of all of a signer. @default nothing is shown */
  trustBundle?(source: ClusterTrustBundleProjection): Promise<string>
  /** `place` tells one source of the pod from another. @default nothing is shown */
  podCertificate?(
    pod: Pod,
    place: string,
    source: PodCertificateProjection,
  ): Promise<{ readonly key: string; readonly chain: string }>
  readonly allocatable: ResourceList
  readonly addresses: PodAddresses
}

/**
 * What a ConfigMap, Secret, downward API or projected volume holds now; undefined for volumes of other types. Throws, in
 * upstream's words, when something it needs is missing.
 */
export async function volumeFiles(
  pod: Pod,
  volume: Volume,
  sources: FileSources,
): Promise<VolumeFiles | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) {
    const name = configMap.name ?? ""
    return configMapFiles(pod, { ...configMap, name, mode: configMap.defaultMode ?? defaultMode }, sources)
  }
  if (secret) {
    const name = secret.secretName ?? ""
    return secretFiles(pod, { ...secret, name, mode: secret.defaultMode ?? defaultMode }, sources)
  }
  if (downwardAPI)
    return downwardFiles(pod, downwardAPI.items ?? [], downwardAPI.defaultMode ?? defaultMode, sources)
  if (projected) return projectedFiles(pod, volume.name, projected, sources)
  return undefined
}

const defaultMode = 0o644

interface KeyedSource {
  readonly name: string
  readonly items?:
    | readonly { readonly key: string; readonly path: string; readonly mode?: number | undefined }[]
    | undefined
  readonly mode: number
  readonly optional?: boolean | undefined
}

async function configMapFiles(pod: Pod, source: KeyedSource, sources: FileSources): Promise<VolumeFiles> {
  const configMap = await sources.findConfigMap(pod.metadata.namespace ?? "", source.name)
  if (!configMap && !source.optional) throw new Error(`configmap "${source.name}" not found`)
  const values = new Map<string, Uint8Array>()
  for (const [key, text] of Object.entries(configMap?.data ?? {})) values.set(key, encoder.encode(text))
  for (const [key, data] of Object.entries(configMap?.binaryData ?? {})) values.set(key, decodeBase64(data))
  return pickKeys(values, source, "configmap references non-existent config key")
}

async function secretFiles(pod: Pod, source: KeyedSource, sources: FileSources): Promise<VolumeFiles> {
  const secret = await sources.findSecret(pod.metadata.namespace ?? "", source.name)
  if (!secret && !source.optional) throw new Error(`secret "${source.name}" not found`)
  const values = new Map(Object.entries(secret?.data ?? {}).map(([key, data]) => [key, decodeBase64(data)]))
  return pickKeys(values, source, "references non-existent secret key")
}

function pickKeys(
  values: ReadonlyMap<string, Uint8Array>,
  { items, mode, optional }: KeyedSource,
  complaint: string,
): VolumeFiles {
  const files = new Map<string, VolumeFile>()
  if (!items?.length) {
    for (const [key, content] of values) files.set(key, { content, mode })
    return files
  }
  for (const item of items) {
    const content = values.get(item.key)
    if (content) files.set(item.path, { content, mode: item.mode ?? mode })
    else if (!optional) throw new Error(`${complaint}: ${item.key}`)
  }
  return files
}

async function downwardFiles(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  mode: number,
  { allocatable, addresses }: FileSources,
): Promise<VolumeFiles> {
  const files = new Map<string, VolumeFile>()
  for (const item of items) {
    const { fieldRef, resourceFieldRef } = item
    let text = ""
    if (fieldRef) text = podField(pod, fieldRef.fieldPath, addresses)
    else if (resourceFieldRef) {
      const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
      const container = all.find(({ name }) => name === resourceFieldRef.containerName)
      if (!container) throw new Error(`container ${resourceFieldRef.containerName} not found`)
      text = containerResource(pod, container, resourceFieldRef, allocatable)
    }
    files.set(item.path, { content: encoder.encode(text), mode: item.mode ?? mode })
  }
  return files
}

async function projectedFiles(
  pod: Pod,
  volumeName: string,
  projected: NonNullable<Volume["projected"]>,
  sources: FileSources,
): Promise<VolumeFiles> {
  const mode = projected.defaultMode ?? defaultMode
  const files = new Map<string, VolumeFile>()
  const add = (more: VolumeFiles) => {
    for (const [path, file] of more) files.set(path, file)
  }
  for (const [index, source] of (projected.sources ?? []).entries()) {
    const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
    if (configMap) add(await configMapFiles(pod, { ...configMap, name: configMap.name ?? "", mode }, sources))
    if (secret) add(await secretFiles(pod, { ...secret, name: secret.name ?? "", mode }, sources))
    if (downwardAPI) add(await downwardFiles(pod, downwardAPI.items ?? [], mode, sources))
    if (serviceAccountToken) {
      const { audience = "", expirationSeconds, path } = serviceAccountToken
      const token = await sources.token(pod, audience, expirationSeconds ?? 3600)
      add(new Map([[path, { content: encoder.encode(token), ...tokenRights(pod, mode) }]]))
    }
    const text = (content: string) => ({ content: encoder.encode(content), ...tokenRights(pod, mode) })
    if (clusterTrustBundle) {
      const pem = (await sources.trustBundle?.(clusterTrustBundle)) ?? ""
      add(new Map([[clusterTrustBundle.path, text(pem)]]))
    }
    if (podCertificate) {
      const found = await sources.podCertificate?.(pod, `${volumeName} ${index}`, podCertificate)
      const { key = "", chain = "" } = found ?? {}
      const { credentialBundlePath, keyPath, certificateChainPath } = podCertificate
      if (credentialBundlePath) add(new Map([[credentialBundlePath, text(key + chain)]]))
      if (keyPath) add(new Map([[keyPath, text(key)]]))
      if (certificateChainPath) add(new Map([[certificateChainPath, text(chain)]]))
    }
  }
  return files
}

/**
 * A token, a key and what goes with them are readable by the pod's own user alone, whose they are if all containers run as
 * the same one, and by its group if it has an fsGroup; where there is neither, as the volume says.
 */
export function tokenRights(pod: Pod, mode: number): Pick<VolumeFile, "mode" | "owner"> {
  const user = commonUser(pod)
  const owner = user !== undefined && { owner: user }
  if (pod.spec.securityContext?.fsGroup !== undefined) return { mode: 0o640, ...owner }
  return owner ? { mode: 0o600, ...owner } : { mode }
}

/** The user that all containers of a pod run as, if its specification says one. */
function commonUser({ spec }: Pod): number | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const users = new Set(
    containers.map(({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser),
  )
  return users.size === 1 ? [...users][0] : undefined
}

const encoder = new TextEncoder()
