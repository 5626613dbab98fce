import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { qualifiedNameProblems } from "../../../apimachinery/names.ts"
import { validateAnnotations } from "../../../apimachinery/validate-object-meta.ts"
import { type Errors, labelSelector, problems, required } from "../../validation/checks.ts"
import { fileMode, nonReservedPath } from "../../validation/paths.ts"
import {
  clusterTrustBundleName,
  isKubernetesSigner,
  signerOfTrustBundle,
  validateSignerName,
} from "../../validation/signer-name.ts"
import type { DownwardAPIVolumeFile } from "../v1/downward-api.ts"
import type {
  ClusterTrustBundleProjection,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from "../v1/projected-volume.ts"
import { validateFieldReference, validateResourceReference } from "./field-references.ts"

// Files that are made of other objects. Several sources share a directory, so no two may claim the same path.

const conflictingPaths = "conflicting duplicate paths"

export function* validateKeyToPath({ key, path: target, mode }: KeyToPath, path: FieldPath): Errors {
  yield* required(key, path.child("key"))
  yield* required(target, path.child("path"))
  yield* nonReservedPath(target, path.child("path"))
  yield* fileMode(mode, path.child("mode"))
}

const fileFields = [
  "metadata.annotations",
  "metadata.labels",
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
]

export function* validateDownwardApiFile(file: DownwardAPIVolumeFile, path: FieldPath): Errors {
  const { fieldRef, resourceFieldRef } = file
  yield* required(file.path, path.child("path"))
  yield* nonReservedPath(file.path, path.child("path"))
  if (fieldRef) {
    yield* validateFieldReference(fieldRef, fileFields, path.child("fieldRef"))
    if (resourceFieldRef) {
      const detail = "fieldRef and resourceFieldRef can not be specified simultaneously"
      yield invalidValue(path, "resource", detail)
    }
  } else if (resourceFieldRef) {
    yield* validateResourceReference(resourceFieldRef, true, path.child("resourceFieldRef"))
  } else yield requiredValue(path, "one of fieldRef and resourceFieldRef is required")
  yield* fileMode(file.mode, path.child("mode"))
}

export function* validateProjectedVolume(
  { defaultMode, sources }: ProjectedVolumeSource,
  path: FieldPath,
): Errors {
  yield* fileMode(defaultMode, path.child("defaultMode"))
  const claimed = new ClaimedPaths(path)
  for (const [index, source] of (sources ?? []).entries()) {
    yield* validateProjection(source, claimed, path, path.child("sources").index(index))
  }
}

class ClaimedPaths {
  readonly #paths = new Set<string>()
  readonly #at: FieldPath

  constructor(at: FieldPath) {
    this.#at = at
  }

  /** @param shown what the error shows as the culprit */
  *claim(target: string, shown = target): Errors {
    if (this.#paths.has(target)) yield invalidValue(this.#at, shown, conflictingPaths)
    else this.#paths.add(target)
  }
}

function* validateProjection(
  source: VolumeProjection,
  claimed: ClaimedPaths,
  volumePath: FieldPath,
  path: FieldPath,
): Errors {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source
  if (secret) yield* keyProjection(secret, claimed, path.child("secret"))
  if (configMap) yield* keyProjection(configMap, claimed, path.child("configMap"))
  for (const file of downwardAPI?.items ?? []) {
    yield* validateDownwardApiFile(file, path.child("downwardAPI"))
    if (file.path) yield* claimed.claim(file.path)
  }
  if (serviceAccountToken) yield* token(serviceAccountToken, volumePath, path.child("serviceAccountToken"))
  if (clusterTrustBundle) yield* trustBundle(clusterTrustBundle, claimed, path.child("clusterTrustBundle"))
  if (podCertificate) yield* certificate(podCertificate, claimed, path.child("podCertificate"))
  if (Object.values(source).filter((each) => each !== undefined).length > 1) {
    yield forbiddenValue(path, "may not specify more than 1 volume type per source")
  }
}

function* keyProjection(
  { name, items = [] }: { name?: string | undefined; items?: KeyToPath[] | undefined },
  claimed: ClaimedPaths,
  path: FieldPath,
): Errors {
  yield* required(name, path.child("name"))
  for (const [index, item] of items.entries()) {
    yield* validateKeyToPath(item, path.child("items").index(index))
    if (item.path) yield* claimed.claim(item.path, name ?? "")
  }
}

const tenMinutes = 10 * 60

function* token(
  { expirationSeconds, path: target }: ServiceAccountTokenProjection,
  volumePath: FieldPath,
  path: FieldPath,
): Errors {
  const at = path.child("expirationSeconds")
  if (expirationSeconds < tenMinutes) {
    yield invalidValue(at, expirationSeconds, "may not specify a duration less than 10 minutes")
  }
  if (expirationSeconds > 2 ** 32) {
    yield invalidValue(at, expirationSeconds, "may not specify a duration larger than 2^32 seconds")
  }
  // Upstream says it of the volume, not of the source.
  if (!target) yield requiredValue(volumePath.child("path"))
  else yield* nonReservedPath(target, volumePath.child("path"))
}

function* trustBundle(bundle: ClusterTrustBundleProjection, claimed: ClaimedPaths, path: FieldPath): Errors {
  const { name, signerName, labelSelector: selector, path: target } = bundle
  if (name !== undefined && signerName !== undefined) {
    yield invalidValue(path, bundle, "only one of name and signerName may be used")
  } else if (name !== undefined) {
    yield* required(name, path.child("name"), "must be a valid object name")
    for (const problem of clusterTrustBundleName(signerOfTrustBundle(name))(name, false)) {
      yield invalidValue(path.child("name"), name, `not a valid clustertrustbundlename: ${problem}`)
    }
    if (selector) {
      const detail = "labelSelector must be unset if name is specified"
      yield invalidValue(path.child("labelSelector"), selector, detail)
    }
  } else if (signerName !== undefined) {
    yield* required(signerName, path.child("signerName"), "must be a valid signer name")
    yield* validateSignerName(signerName, path.child("signerName"))
    yield* labelSelector(selector, path.child("labelSelector"))
  } else yield requiredValue(path, "either name or signerName must be specified")
  yield* required(target, path.child("path"))
  yield* nonReservedPath(target, path.child("path"))
  yield* claimed.claim(target)
}

const keyTypes = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"]
const hourSeconds = 60 * 60
const daySeconds = 24 * hourSeconds

function* certificate(source: PodCertificateProjection, claimed: ClaimedPaths, path: FieldPath): Errors {
  const { signerName, keyType, maxExpirationSeconds, userAnnotations } = source
  yield* validateSignerName(signerName, path.child("signerName"))
  if (userAnnotations) yield* validateUserAnnotations(userAnnotations, path.child("userAnnotations"))
  if (!keyTypes.includes(keyType)) yield unsupportedValue(path.child("keyType"), keyType, keyTypes)
  if (maxExpirationSeconds !== undefined) {
    yield* validateMaxExpiration(maxExpirationSeconds, signerName, path.child("maxExpirationSeconds"))
  }
  let hasPath = false
  for (const name of ["credentialBundlePath", "keyPath", "certificateChainPath"] as const) {
    const target = source[name]
    if (!target) continue
    hasPath = true
    yield* nonReservedPath(target, path.child(name))
    yield* claimed.claim(target)
  }
  if (!hasPath) {
    const detail = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"
    yield requiredValue(path, detail)
  }
}

function* validateMaxExpiration(seconds: number, signerName: string, path: FieldPath): Errors {
  if (seconds < hourSeconds) {
    yield invalidValue(path, seconds, `if provided, maxExpirationSeconds must be >= ${hourSeconds}`)
  }
  const most = isKubernetesSigner(signerName) ? daySeconds : 91 * daySeconds
  if (seconds > most)
    yield invalidValue(path, seconds, `if provided, maxExpirationSeconds must be <= ${most}`)
}

/** Of keys that belong to somebody's domain. */
export function* validateUserAnnotations(
  annotations: Readonly<Record<string, string>>,
  path: FieldPath,
): Errors {
  for (const key of Object.keys(annotations)) {
    const lower = key.toLowerCase()
    const texts = lower === "" ? [] : qualifiedNameProblems(lower)
    if (lower === "") yield requiredValue(path)
    yield* problems(lower, path, texts)
    if (lower !== "" && texts.length === 0 && !lower.includes("/")) {
      yield invalidValue(path, lower, 'must be a domain-prefixed key (such as "acme.io/foo")')
    }
  }
  for (const error of validateAnnotations(annotations, path)) {
    if (error.type === "FieldValueTooLong") yield error
  }
}
