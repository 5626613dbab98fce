import { matchesLabels, selectorFromObject } from "../../apimachinery/labels.ts"
import type { ClusterTrustBundle } from "../../api/certificates/v1beta1/cluster-trust-bundle.ts"
import type { ClusterTrustBundleProjection } from "../../api/core/v1/projected-volume.ts"

/**
 * What a projected volume shows of the cluster's trust bundles: the certificates of one by its name, or of all of a signer
 * that its selector chooses, each once. Throws, in upstream's words, when there are none and they are not optional.
 */
export function projectTrustBundle(
  source: ClusterTrustBundleProjection,
  bundles: readonly ClusterTrustBundle[],
): string {
  const chosen = chooseBundles(source, bundles)
  if (chosen.length > 0) return certificatesOf(chosen.map(({ spec }) => spec.trustBundle))
  if (source.optional) return ""
  throw new Error(
    source.name
      ? `while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io "${source.name}" not found`
      : "combination of signerName and labelSelector matched zero ClusterTrustBundles",
  )
}

function chooseBundles(
  { name, signerName, labelSelector }: ClusterTrustBundleProjection,
  bundles: readonly ClusterTrustBundle[],
): readonly ClusterTrustBundle[] {
  if (name) return bundles.filter(({ metadata }) => metadata.name === name)
  // No selector chooses nothing; an empty one chooses all.
  if (!labelSelector) return []
  const selector = selectorFromObject(labelSelector)
  return bundles.filter(
    ({ metadata, spec }) => spec.signerName === signerName && matchesLabels(selector, metadata.labels),
  )
}

const block = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g

function certificatesOf(texts: readonly string[]): string {
  const bodies = new Set<string>()
  for (const text of texts)
    for (const [, body = ""] of text.matchAll(block)) bodies.add(body.replace(/\s/g, ""))
  return [...bodies]
    .sort()
    .map(
      (body) => `-----BEGIN CERTIFICATE-----\n${body.replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`,
    )
    .join("")
}
