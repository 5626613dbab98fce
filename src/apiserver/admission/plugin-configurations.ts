import { Toleration } from "../../api/core/v1/toleration.ts"
import { validateTolerations } from "../../api/core/validation/taints.ts"
import { invalidValue } from "../../apimachinery/field-error.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { bool, field, int64, list, mapOf, message, string } from "../../apimachinery/schema.ts"
import {
  ConfigurationError,
  decodeBareFields,
  decodeConfiguration,
  refuseInvalid,
} from "../../apimachinery/decode-configuration.ts"
import type { ImagePolicyOptions } from "./image-policy-webhook.ts"
import type { NodeSelectors } from "./pod-node-selector.ts"
import type { ClusterTolerations } from "./pod-toleration-restriction.ts"

/** Who is asked stands in a kubeconfig, which somebody with files has to read. */
export type ImagePolicySettings = Omit<ImagePolicyOptions, "post"> & { readonly kubeconfigFile: string }

const ImagePolicyConfiguration = message("ImagePolicyConfiguration", {
  imagePolicy: field(
    1,
    message("ImagePolicy", {
      kubeConfigFile: field(1, string),
      allowTTL: field(2, int64),
      denyTTL: field(3, int64),
      retryBackoff: field(4, int64),
      defaultAllow: field(5, bool),
    }),
  ),
})
const NodeSelectorConfiguration = message("PodNodeSelectorConfiguration", {
  podNodeSelectorPluginConfig: field(1, mapOf(string)),
})
const TolerationConfiguration = message("PodTolerationRestrictionConfiguration", {
  default: field(1, list(Toleration)),
  whitelist: field(2, list(Toleration)),
})
const WebhookConfiguration = message("WebhookAdmissionConfiguration", { kubeConfigFile: field(1, string) })

export function imagePolicySettings(text: string, path: string): ImagePolicySettings {
  const { imagePolicy = {} } = decodeBareFields(text, path, ImagePolicyConfiguration)
  const { kubeConfigFile = "", allowTTL, denyTTL, retryBackoff, defaultAllow = false } = imagePolicy
  const within = (value: number | undefined, unitMs: number, limits: Limits) =>
    durationOf(value, unitMs, limits, path)
  return {
    kubeconfigFile: kubeConfigFile,
    retryBackoffMs: within(retryBackoff, 1, { leastMs: 0, mostMs: 300_000, usualMs: 500 }),
    allowLifetimeMs: within(allowTTL, 1000, { leastMs: 1000, mostMs: 1_800_000, usualMs: 300_000 }),
    denyLifetimeMs: within(denyTTL, 1000, { leastMs: 1000, mostMs: 1_800_000, usualMs: 30_000 }),
    defaultAllow,
  }
}

interface Limits {
  readonly leastMs: number
  readonly mostMs: number
  readonly usualMs: number
}

/** 0 is the usual time, -1 none at all. */
function durationOf(value = 0, unitMs: number, { leastMs, mostMs, usualMs }: Limits, path: string): number {
  if (value === -1) return 0
  if (value === 0) return usualMs
  const ms = value * unitMs
  if (ms >= leastMs && ms <= mostMs) return ms
  throw new ConfigurationError(`${path}: valid value is between ${leastMs}ms and ${mostMs}ms, got ${ms}ms`)
}

/** By namespace; read as selectors when a pod is made, as annotations are. */
export function nodeSelectors(text: string, path: string): NodeSelectors {
  return decodeBareFields(text, path, NodeSelectorConfiguration).podNodeSelectorPluginConfig ?? {}
}

export function clusterTolerations(text: string, path: string): ClusterTolerations {
  const decoded = decodeConfiguration(text, path, {
    group: "podtolerationrestriction.admission.k8s.io",
    versions: ["v1alpha1"],
    kind: "Configuration",
    schema: TolerationConfiguration,
  })
  const { default: added = [], whitelist: allowed = [] } = decoded
  const at = fieldPath("podtolerationrestriction")
  refuseInvalid(path, [
    ...validateTolerations(added, at.child("default")),
    ...validateTolerations(allowed, at.child("whitelist")),
  ])
  return { ...(decoded.default && { default: added }), allowed }
}

/** The path of the kubeconfig whose users are what webhooks are shown; "" for none. */
export function webhookKubeconfig(text: string, path: string): string {
  const { kubeConfigFile = "" } = decodeConfiguration(text, path, {
    group: "apiserver.config.k8s.io",
    versions: ["v1"],
    kind: "WebhookAdmissionConfiguration",
    schema: WebhookConfiguration,
  })
  if (kubeConfigFile && !kubeConfigFile.startsWith("/"))
    refuseInvalid(path, [invalidValue("kubeConfigFile", kubeConfigFile, "must be an absolute file path")])
  return kubeConfigFile
}
