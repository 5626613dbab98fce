import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { quote } from "../../../base/quote.ts"
import type { VolumeProjection } from "../v1/projected-volume.ts"
import type { Volume } from "../v1/volume.ts"
import { claimSpecWarnings } from "../validation/storage-warnings.ts"

const goneSources = {
  photonPersistentDisk: "deprecated in v1.11, non-functional in v1.16+",
  gitRepo: "deprecated in v1.11, and disabled by default in v1.33+",
  scaleIO: "deprecated in v1.16, non-functional in v1.22+",
  flocker: "deprecated in v1.22, non-functional in v1.25+",
  storageos: "deprecated in v1.22, non-functional in v1.25+",
  quobyte: "deprecated in v1.22, non-functional in v1.25+",
  glusterfs: "deprecated in v1.25, non-functional in v1.26+",
  cephfs: "deprecated in v1.28, non-functional in v1.31+",
  rbd: "deprecated in v1.28, non-functional in v1.31+",
} as const

export function* volumeWarnings(volumes: readonly Volume[], path: FieldPath): Iterable<string> {
  for (const [index, volume] of volumes.entries()) {
    const at = path.index(index)
    for (const [name, text] of Object.entries(goneSources)) {
      if (!volume[name as keyof typeof goneSources]) continue
      yield `${at.child(name === "storageos" ? "storageOS" : name)}: ${text}`
    }
    const claim = volume.ephemeral?.volumeClaimTemplate
    if (claim) yield* claimSpecWarnings(claim.spec, at.child("ephemeral", "volumeClaimTemplate", "spec"))
  }
  for (const volume of volumes) yield* overlappingFiles(volume)
}

/** A file, and what it is made of; "" where the whole volume is made of one thing. */
interface File {
  readonly path: string
  readonly source: string
}

/** A later file takes an earlier one's place, or cannot be made where the other is a directory. */
function* overlappingFiles({ name, configMap, secret, downwardAPI, projected }: Volume): Iterable<string> {
  const plain = (items: readonly { readonly path: string }[] = []) =>
    items.map(({ path }) => ({ path, source: "" }))
  yield* overlaps(name, `ConfigMap ${quote(configMap?.name ?? "")}`, plain(configMap?.items))
  yield* overlaps(name, `Secret ${quote(secret?.secretName ?? "")}`, plain(secret?.items))
  yield* overlaps(name, "DownwardAPI", plain(downwardAPI?.items))
  const sources = projected?.sources ?? []
  for (const source of sources) {
    if (Object.keys(source).length === 0) yield `volume ${quote(name)} (Projected) has no sources provided`
  }
  yield* overlaps(name, "Projected", sources.flatMap(projectedFiles))
}

function projectedFiles(source: VolumeProjection): File[] {
  const from = (items: readonly { readonly path: string }[] = [], what: string) =>
    items.map(({ path }) => ({ path, source: what }))
  const { configMap, secret, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle } = source
  if (configMap?.items) return from(configMap.items, `ConfigMap ${quote(configMap.name ?? "")}`)
  if (secret?.items) return from(secret.items, `Secret ${quote(secret.name ?? "")}`)
  if (downwardAPI?.items) return from(downwardAPI.items, "DownwardAPI")
  if (token) return from([token], "ServiceAccountToken")
  if (bundle) return from([bundle], `ClusterTrustBundle ${quote(bundle.name ?? bundle.signerName ?? "")}`)
  const { certificateChainPath, keyPath, credentialBundlePath } = source.podCertificate ?? {}
  return [
    { path: certificateChainPath ?? "", source: "PodCertificate chain" },
    { path: keyPath ?? "", source: "PodCertificate key" },
    { path: credentialBundlePath ?? "", source: "PodCertificate credential bundle" },
  ].filter(({ path }) => path !== "")
}

function* overlaps(volume: string, what: string, files: readonly File[]): Iterable<string> {
  const before: File[] = []
  for (const { path, source } of files) {
    const file = { path: path.replace(/\/+$/, ""), source }
    for (const other of before) {
      if (!isUnder(file.path, other.path) && !isUnder(other.path, file.path)) continue
      yield `volume ${quote(volume)} (${what}): overlapping paths: ${describe(file)} with ${describe(other)}`
    }
    before.push(file)
  }
}

function isUnder(path: string, other: string): boolean {
  return path !== "" && other !== "" && `${path}/`.startsWith(`${other}/`)
}

function describe({ path, source }: File): string {
  return source ? `${quote(path)} (${source})` : quote(path)
}
