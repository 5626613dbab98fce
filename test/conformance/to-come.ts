/**
 * Why behaviours of the official suite have no test here yet, by how their names begin; the first that fits counts. What a
 * test file itself says with `toCome` is more exact.
 */
const reasons: readonly (readonly [prefix: string, reason: string])[] = [
  ["[sig-api-machinery] AdmissionWebhook", "webhooks that run as pods"],
  ["[sig-api-machinery] CustomResourceConversionWebhook", "webhooks that run as pods"],
  ["[sig-api-machinery] Aggregator", "an extension API server that runs as a pod"],
  ["[sig-api-machinery] CustomResource", "custom resources, seen from outside"],
  ["[sig-api-machinery] AggregatedDiscovery", "custom resources, seen from outside"],
  ["[sig-api-machinery] FieldValidation", "custom resources, seen from outside"],
  ["[sig-api-machinery] ValidatingAdmissionPolicy", "policies, seen from outside"],
  ["[sig-api-machinery] MutatingAdmissionPolicy", "policies, seen from outside"],
  ["[sig-auth] [FeatureGate:ClusterTrustBundle]", "trust bundles in volumes of real containers"],
  ["[sig-auth] Projected PodCertificate", "certificates in volumes of real containers"],
  ["[sig-auth]", "tokens in volumes of real containers"],
  ["[sig-network]", "packets between real containers"],
  ["[sig-storage]", "volumes of real containers"],
  ["[sig-node]", "what happens within real containers"],
  ["[sig-apps]", "images that answer, in real containers"],
]

export function reasonFor(codename: string): string {
  return reasons.find(([prefix]) => codename.startsWith(prefix))?.[1] ?? "no test yet"
}
