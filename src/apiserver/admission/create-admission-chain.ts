import { quote } from "../../base/quote.ts"
import { escalationCheck } from "../authorization/rbac/escalation-check.ts"
import type { RbacPolicy } from "../authorization/rbac/policy.ts"
import type { WebhookCaller } from "../webhooks/webhook-caller.ts"
import type { CredentialsFor } from "../webhooks/webhook-credentials.ts"
import type { AdmissionChain, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { PluginChain } from "./admission-chain.ts"
import { alwaysAdmit, alwaysDeny } from "./always-decide.ts"
import { alwaysPullImages } from "./always-pull-images.ts"
import {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  clusterTrustBundleAttest,
} from "./certificate-admission.ts"
import { defaultIngressClass, defaultStorageClass } from "./default-class.ts"
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts"
import { denyServiceExternalIPs } from "./deny-service-external-ips.ts"
import { webhookMatchConditions } from "./expressions/match-conditions.ts"
import { type EventLimit, eventRateLimit } from "./event-rate-limit.ts"
import { extendedResourceToleration } from "./extended-resource-toleration.ts"
import { type ImagePolicyOptions, imagePolicyWebhook } from "./image-policy-webhook.ts"
import { limitPodHardAntiAffinityTopology } from "./limit-pod-anti-affinity.ts"
import { limitRanger } from "./limit-ranger.ts"
import { namespaceAutoProvision, namespaceExists } from "./namespace-presence.ts"
import { namespaceLifecycle } from "./namespace-lifecycle.ts"
import { nodeDeclaredFeatureValidator } from "./node-declared-features.ts"
import { nodeRestriction } from "./node-restriction.ts"
import { ownerReferencesPermissionEnforcement } from "./owner-references-permission.ts"
import { persistentVolumeClaimResize } from "./persistent-volume-claim-resize.ts"
import { podGroupProtection } from "./pod-group-protection.ts"
import { podGroupWorkloadExists } from "./pod-group-workload-exists.ts"
import { type NodeSelectors, podNodeSelector } from "./pod-node-selector.ts"
import { type ClusterTolerations, podTolerationRestriction } from "./pod-toleration-restriction.ts"
import { podResizeValidator } from "./pod-resize-validator.ts"
import { podSecurity, type PodSecurityOptions } from "./pod-security/pod-security.ts"
import { mutatingAdmissionPolicy } from "./policies/mutating-policies.ts"
import { validatingAdmissionPolicy } from "./policies/validating-policies.ts"
import { podTopologyLabels } from "./pod-topology-labels.ts"
import { priority } from "./priority.ts"
import { resourceClaimStatusAuthorization } from "./resource-claim-status.ts"
import { resourceQuota } from "./resource-quota.ts"
import { runtimeClass } from "./runtime-class.ts"
import { serviceAccount } from "./service-account.ts"
import { storageObjectInUseProtection } from "./storage-object-in-use-protection.ts"
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts"
import { mutatingAdmissionWebhook } from "./webhooks/mutating-webhooks.ts"
import { validatingAdmissionWebhook } from "./webhooks/validating-webhooks.ts"

export interface AdmissionOptions extends AdmissionContext {
  /** For the check that nobody grants what they do not have; it is always on where RBAC is. */
  readonly policy?: RbacPolicy
  readonly podSecurity?: PodSecurityOptions
  /** How many events may come. @default any number */
  readonly eventLimits?: readonly EventLimit[]
  /** What PodNodeSelector keeps to where a namespace says nothing of its own, or whatever it says. */
  readonly nodeSelectors?: NodeSelectors
  /** The same for PodTolerationRestriction. */
  readonly tolerations?: ClusterTolerations
  /** Whom ImagePolicyWebhook asks; without it that plugin cannot be switched on. */
  readonly imagePolicy?: ImagePolicyOptions
  /** What admission webhooks are shown. @default nothing */
  readonly webhookCredentials?: { readonly mutating?: CredentialsFor; readonly validating?: CredentialsFor }
  /** `--enable-admission-plugins`, beside those that are on by default. */
  readonly enable?: readonly string[]
  /** `--disable-admission-plugins` */
  readonly disable?: readonly string[]
}

/** Plugins that are there and off. */
const offByDefault = new Set([
  "AlwaysAdmit",
  "AlwaysDeny",
  "AlwaysPullImages",
  "DenyServiceExternalIPs",
  "EventRateLimit",
  "ExtendedResourceToleration",
  "ImagePolicyWebhook",
  "LimitPodHardAntiAffinityTopology",
  "NamespaceAutoProvision",
  "NamespaceExists",
  "OwnerReferencesPermissionEnforcement",
  "PodNodeSelector",
  "PodTolerationRestriction",
])

/** All plugins in the order in which they run, upstream's. NodeRestriction is on, as in clusters made by kubeadm. */
function orderedPlugins(options: AdmissionOptions): AdmissionPlugin[] {
  const { webhookCredentials: shown = {} } = options
  const webhooks = { ...options, matchConditionsHold: webhookMatchConditions(options.authorizer) }
  return [
    alwaysAdmit(),
    namespaceAutoProvision(options),
    namespaceLifecycle(options),
    namespaceExists(options),
    limitPodHardAntiAffinityTopology(),
    limitRanger(options),
    serviceAccount(options),
    nodeRestriction(options),
    taintNodesByCondition(),
    alwaysPullImages(),
    imagePolicyWebhook(options, options.imagePolicy),
    podSecurity(options, options.podSecurity),
    podNodeSelector(options, options.nodeSelectors),
    priority(options),
    defaultTolerationSeconds(),
    podTolerationRestriction(options, options.tolerations),
    eventRateLimit(options, options.eventLimits),
    extendedResourceToleration(),
    defaultStorageClass(options),
    storageObjectInUseProtection(),
    podGroupProtection(),
    ownerReferencesPermissionEnforcement(options),
    persistentVolumeClaimResize(options),
    runtimeClass(options),
    certificateApproval(options),
    certificateSigning(options),
    clusterTrustBundleAttest(options),
    certificateSubjectRestriction(),
    defaultIngressClass(options),
    denyServiceExternalIPs(),
    podTopologyLabels(options),
    podGroupWorkloadExists(options),
    nodeDeclaredFeatureValidator(options),
    podResizeValidator(options),
    resourceClaimStatusAuthorization(options),
    mutatingAdmissionPolicy(options),
    mutatingAdmissionWebhook(showing(webhooks, shown.mutating)),
    validatingAdmissionPolicy(options),
    validatingAdmissionWebhook(showing(webhooks, shown.validating)),
    // After everything that may refuse, since it charges for what is admitted.
    resourceQuota(options),
    alwaysDeny(),
  ]
}

function showing<T extends AdmissionContext>(context: T, credentialsFor: CredentialsFor | undefined): T {
  if (!credentialsFor) return context
  const callWebhook: WebhookCaller = (target, body, timeoutMs, signal) =>
    context.callWebhook(target, body, timeoutMs, signal, credentialsFor)
  return { ...context, callWebhook }
}

/** Throws when asked for a plugin that is not known, or to have one and not to have it. */
export function createAdmissionChain(options: AdmissionOptions): AdmissionChain {
  const { policy, authorizer, enable = [], disable = [] } = options
  const plugins = orderedPlugins(options)
  refuseUnknown(enable, disable, new Set(plugins.map(({ name }) => name)))
  if (enable.includes("ImagePolicyWebhook") && !options.imagePolicy)
    throw new Error(`couldn't init admission plugin "ImagePolicyWebhook": no config specified`)
  const isOn = ({ name }: AdmissionPlugin) =>
    !disable.includes(name) && (enable.includes(name) || !offByDefault.has(name))
  const always = policy ? [escalationCheck(policy, authorizer)] : []
  return new PluginChain([...always, ...plugins.filter(isOn)], options)
}

function refuseUnknown(
  enable: readonly string[],
  disable: readonly string[],
  known: ReadonlySet<string>,
): void {
  const unknown = (flag: string, names: readonly string[]) =>
    names.filter((name) => !known.has(name)).map((name) => `${flag} plugin ${quote(name)} is unknown`)
  const problems = [
    ...unknown("enable-admission-plugins", enable),
    ...unknown("disable-admission-plugins", disable),
  ]
  const both = enable.filter((name) => disable.includes(name))
  if (both.length > 0)
    problems.push(`[${both.join(" ")}] in enable-admission-plugins and disable-admission-plugins overlapped`)
  if (problems.length > 0) throw new Error(problems.join(", "))
}
