import {
  type FieldError,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import { field, type Infer, int32, json, list, message, optional, string } from "../../apimachinery/schema.ts"
import { encodeJson } from "../../apimachinery/codec/json.ts"
import {
  ConfigurationError,
  decodeConfiguration,
  refuseInvalid,
} from "../../apimachinery/decode-configuration.ts"
import type { EventLimit } from "./event-rate-limit.ts"
import type { PodSecurityOptions } from "./pod-security/pod-security.ts"
import {
  clusterTolerations,
  imagePolicySettings,
  type ImagePolicySettings,
  nodeSelectors,
  webhookKubeconfig,
} from "./plugin-configurations.ts"
import type { NodeSelectors } from "./pod-node-selector.ts"
import { readPolicy } from "./pod-security/policy.ts"
import type { ClusterTolerations } from "./pod-toleration-restriction.ts"

// What plugins are told in files (https://kubernetes.io/docs/reference/config-api/apiserver-config.v1/#apiserver-config-k8s-io-v1-AdmissionConfiguration).

const PluginConfiguration = message("AdmissionPluginConfiguration", {
  name: field(1, string),
  path: field(2, string),
  configuration: optional(3, json),
})
const AdmissionConfiguration = message("AdmissionConfiguration", {
  plugins: field(1, list(PluginConfiguration)),
})

const PodSecurityConfiguration = message("PodSecurityConfiguration", {
  defaults: optional(
    1,
    message("PodSecurityDefaults", {
      enforce: field(1, string),
      "enforce-version": field(2, string),
      audit: field(3, string),
      "audit-version": field(4, string),
      warn: field(5, string),
      "warn-version": field(6, string),
    }),
  ),
  exemptions: optional(
    2,
    message("PodSecurityExemptions", {
      usernames: field(1, list(string)),
      namespaces: field(2, list(string)),
      runtimeClasses: field(3, list(string)),
    }),
  ),
})
interface PodSecurityConfiguration extends Infer<typeof PodSecurityConfiguration> {}

const Limit = message("Limit", {
  type: field(1, string),
  qps: field(2, int32),
  burst: field(3, int32),
  cacheSize: field(4, int32),
})
const EventRateLimitConfiguration = message("Configuration", { limits: field(1, list(Limit)) })

/** Of the plugins that can be told something, what they were told. */
export interface PluginSettings {
  readonly podSecurity?: PodSecurityOptions
  readonly eventLimits?: readonly EventLimit[]
  readonly nodeSelectors?: NodeSelectors
  readonly tolerations?: ClusterTolerations
  /** For ImagePolicyWebhook, once its kubeconfig has been read. */
  readonly imageReviews?: ImagePolicySettings
  /** Kubeconfigs whose users are what admission webhooks are shown. */
  readonly mutatingWebhookKubeconfig?: string
  readonly validatingWebhookKubeconfig?: string
}

/**
 * The settings of `--admission-control-config-file`. Throws ConfigurationError.
 *
 * @param readFile gives the text of a file that a plugin's entry names
 */
export function decodeAdmissionConfiguration(
  text: string,
  path: string,
  readFile: (path: string) => string,
): PluginSettings {
  const { plugins = [] } = decodeConfiguration(text, path, {
    group: "apiserver.config.k8s.io",
    versions: ["v1"],
    kind: "AdmissionConfiguration",
    schema: AdmissionConfiguration,
  })
  return plugins.reduce<PluginSettings>((settings, { name = "", path: file, configuration }) => {
    const read = readers[name]
    if (!read)
      throw new ConfigurationError(
        `${path}: this server has no configuration for the admission plugin ${JSON.stringify(name)}; there is one for ${Object.keys(readers).join(", ")}`,
      )
    // Of the two, what stands in the file itself counts.
    if (configuration !== undefined) return { ...settings, ...read(encodeJson(configuration), path) }
    if (file) return { ...settings, ...read(readFile(file), file) }
    return settings
  }, {})
}

const readers: Readonly<Record<string, (text: string, path: string) => PluginSettings>> = {
  PodSecurity: (text, path) => ({ podSecurity: podSecurityOptions(text, path) }),
  EventRateLimit: (text, path) => ({ eventLimits: eventLimits(text, path) }),
  ImagePolicyWebhook: (text, path) => ({ imageReviews: imagePolicySettings(text, path) }),
  PodNodeSelector: (text, path) => ({ nodeSelectors: nodeSelectors(text, path) }),
  PodTolerationRestriction: (text, path) => ({ tolerations: clusterTolerations(text, path) }),
  MutatingAdmissionWebhook: (text, path) => ({ mutatingWebhookKubeconfig: webhookKubeconfig(text, path) }),
  ValidatingAdmissionWebhook: (text, path) => ({
    validatingWebhookKubeconfig: webhookKubeconfig(text, path),
  }),
}

function podSecurityOptions(text: string, path: string): PodSecurityOptions {
  const { defaults = {}, exemptions = {} }: PodSecurityConfiguration = decodeConfiguration(text, path, {
    group: "pod-security.admission.config.k8s.io",
    versions: ["v1", "v1beta1", "v1alpha1"],
    kind: "PodSecurityConfiguration",
    schema: PodSecurityConfiguration,
  })
  // Defaults say the same as labels do, but that what is left out means what it says.
  const labels = Object.fromEntries(
    (["enforce", "audit", "warn"] as const).flatMap((mode) => [
      [`pod-security.kubernetes.io/${mode}`, defaults[mode] || "privileged"],
      [`pod-security.kubernetes.io/${mode}-version`, defaults[`${mode}-version`] || "latest"],
    ]),
  )
  const { policy, errors } = readPolicy(labels)
  refuseInvalid(path, errors)
  return { defaults: policy, exemptions: present(exemptions) }
}

function present(
  exemptions: NonNullable<PodSecurityConfiguration["exemptions"]>,
): NonNullable<PodSecurityOptions["exemptions"]> {
  return Object.fromEntries(Object.entries(exemptions).filter(([, names]) => names !== undefined))
}

const limitTypes = ["Server", "Namespace", "User", "SourceAndObject"] as const
const defaultCacheSize = 4096

function eventLimits(text: string, path: string): EventLimit[] {
  const { limits = [] } = decodeConfiguration(text, path, {
    group: "eventratelimit.admission.k8s.io",
    versions: ["v1alpha1"],
    kind: "Configuration",
    schema: EventRateLimitConfiguration,
  })
  const errors: FieldError[] =
    limits.length === 0 ? [invalidValue("limits", limits, "must not be empty")] : []
  const read = limits.map(({ type = "", qps = 0, burst = 0, cacheSize = 0 }, index): EventLimit => {
    const at = `limits[${index}]`
    if (type === "") errors.push(requiredValue(`${at}.type`))
    else if (!limitTypes.some((known) => known === type))
      errors.push(unsupportedValue(`${at}.type`, type, limitTypes))
    if (burst <= 0) errors.push(invalidValue(`${at}.burst`, burst, "must be positive"))
    if (qps <= 0) errors.push(invalidValue(`${at}.qps`, qps, "must be positive"))
    if (cacheSize < 0) errors.push(invalidValue(`${at}.cacheSize`, cacheSize, "must not be negative"))
    return {
      type: type as EventLimit["type"],
      perSecond: qps,
      burst,
      capacity: cacheSize || defaultCacheSize,
    }
  })
  refuseInvalid(path, errors)
  return read
}
