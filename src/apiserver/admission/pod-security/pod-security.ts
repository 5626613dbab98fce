import { formatFieldErrors, invalid } from "../../../apimachinery/field-error.ts"
import { jsonEqual } from "../../../apimachinery/json-equal.ts"
import { groupResource } from "../../../apimachinery/resource.ts"
import { forbidden, internalError } from "../../../apimachinery/status-errors.ts"
import { Namespace } from "../../../api/core/v1/namespace.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "../admission.ts"
import type { PodLike, Violation } from "./control.ts"
import { judgePod } from "./judge-pod.ts"
import {
  describeLabels,
  formatStandard,
  isAtMost,
  isFullyPrivileged,
  openPolicy,
  type Policy,
  readPolicy,
  type Standard,
} from "./policy.ts"
import { warnAboutPods } from "./warn-about-pods.ts"

export interface PodSecurityOptions {
  /** For namespaces whose labels say nothing. @default everything is allowed */
  readonly defaults?: Policy
  readonly exemptions?: {
    readonly usernames?: readonly string[]
    readonly namespaces?: readonly string[]
    readonly runtimeClasses?: readonly string[]
  }
}

const templates = [
  "replicationcontrollers",
  "podtemplates",
  "replicasets.apps",
  "deployments.apps",
  "statefulsets.apps",
  "daemonsets.apps",
  "jobs.batch",
  "cronjobs.batch",
]

/**
 * Holds pods to the Pod Security Standard of their namespace (https://kubernetes.io/docs/concepts/security/pod-security-admission/).
 * Pods that break what is enforced are refused; for workloads, whose pods come later, there are only warnings.
 */
export function podSecurity(context: AdmissionContext, options: PodSecurityOptions = {}): AdmissionPlugin {
  const judge = new PodSecurityJudge(context, options)
  return {
    name: "PodSecurity",
    on: [
      {
        operations: ["CREATE", "UPDATE"],
        resources: ["namespaces", "pods", "pods/ephemeralcontainers", "pods/resize", ...templates],
      },
    ],
    validate(attributes) {
      const resource = groupResource(attributes.resource)
      if (resource === "namespaces") return judge.validateNamespace(attributes)
      return judge.validatePods(attributes, resource === "pods")
    },
  }
}

class PodSecurityJudge {
  readonly #context: AdmissionContext
  readonly #defaults: Policy
  readonly #exemptions: NonNullable<PodSecurityOptions["exemptions"]>

  constructor(context: AdmissionContext, { defaults = openPolicy, exemptions = {} }: PodSecurityOptions) {
    this.#context = context
    this.#defaults = defaults
    this.#exemptions = exemptions
  }

  /** The labels must be readable; who already breaks what will be enforced is told. */
  validateNamespace(attributes: AdmissionAttributes): void {
    const { resource, name, warn } = attributes
    const namespace = attributes.object as Namespace
    const { labels } = namespace.metadata
    const { policy, errors } = this.#read(labels)
    const old = attributes.oldObject && this.#read(attributes.oldObject.metadata.labels)
    if (errors.length > 0 && !(old && jsonEqual(errors, old.errors))) throw invalid(resource, name, errors)
    if (old && !isStricter(policy.enforce, old.policy.enforce)) return
    if (this.#isExempt("namespaces", name)) {
      const isWithoutEffect = isFullyPrivileged(policy) || jsonEqual(policy, this.#defaults)
      if (!isWithoutEffect)
        warn?.(
          `namespace "${name}" is exempt from Pod Security, and the policy (${describeLabels(labels, policy)}) will be ignored`,
        )
      return
    }
    if (!old || !warn) return
    const pods = this.#context.cache
      .list(Pod, { namespace: name })
      .filter(({ spec }) => !this.#isExempt("runtimeClasses", spec.runtimeClassName))
    for (const warning of warnAboutPods(name, pods, policy.enforce)) warn(warning)
  }

  async validatePods(attributes: AdmissionAttributes, isPod: boolean): Promise<void> {
    const { namespace, user, annotate } = attributes
    const exempt = this.#isExempt("namespaces", namespace)
      ? "namespace"
      : this.#isExempt("usernames", user.name) && "user"
    if (exempt) return annotate?.(`${prefix}exempt`, exempt)

    const { policy, errors } = this.#read(await this.#labelsOf(namespace))
    if (errors.length === 0 && (isPod ? isFullyPrivileged(policy) : isSilent(policy))) {
      if (isPod) annotate?.(`${prefix}enforce-policy`, "privileged:latest")
      return
    }
    if (isPod && attributes.oldObject && !changesContainers(attributes)) return
    const pod = podOf(attributes)
    if (!pod) return
    if (this.#isExempt("runtimeClasses", pod.spec.runtimeClassName))
      return annotate?.(`${prefix}exempt`, "runtimeClass")
    if (errors.length > 0)
      annotate?.(`${prefix}error`, `Failed to parse policy: ${formatFieldErrors(errors)}`)
    applyPolicy(attributes, pod, policy, isPod)
  }

  #read(labels: Namespace["metadata"]["labels"]): ReturnType<typeof readPolicy> {
    return readPolicy(labels, this.#defaults)
  }

  #isExempt(kind: "usernames" | "namespaces" | "runtimeClasses", name: string | undefined): boolean {
    return !!name && (this.#exemptions[kind]?.includes(name) ?? false)
  }

  async #labelsOf(name: string): Promise<Namespace["metadata"]["labels"]> {
    const { cache, client } = this.#context
    const namespace =
      cache.find(Namespace, { name }) ??
      (await client.get(Namespace, { name }).catch(() => {
        throw internalError(new Error(`failed to lookup namespace "${name}"`))
      }))
    return namespace.metadata.labels
  }
}

const prefix = "pod-security.kubernetes.io/"

function isSilent({ audit, warn }: Policy): boolean {
  return audit.level === "privileged" && warn.level === "privileged"
}

/** Whether pods that were fine until now may not be any more. */
function isStricter(now: Standard, before: Standard): boolean {
  if (now.level === "privileged") return false
  return now.minor !== before.minor || !isAtMost(now.level, before.level)
}

function applyPolicy(
  attributes: AdmissionAttributes,
  pod: PodLike,
  policy: Policy,
  isEnforced: boolean,
): void {
  const { resource, name, warn, annotate } = attributes
  const findProblem = ({ level, minor }: Standard) => {
    const violations = judgePod(pod, { level, minor })
    const standard = formatStandard({ level, minor })
    return violations.length > 0 ? `violate PodSecurity "${standard}": ${describe(violations)}` : undefined
  }
  const audited = findProblem(policy.audit)
  if (audited) annotate?.(`${prefix}audit-violations`, `would ${audited}`)
  if (isEnforced) {
    annotate?.(`${prefix}enforce-policy`, formatStandard(policy.enforce))
    const problem = findProblem(policy.enforce)
    if (problem) throw forbidden(resource, name, problem.replace("violate", "violates"))
  }
  const warning = warn && findProblem(policy.warn)
  if (warning) warn(`would ${warning}`)
}

function describe(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail ? `${reason} (${detail})` : reason)).join(", ")
}

/** What a pod may change of itself does not matter here, but for its images. */
function changesContainers({ object, oldObject }: AdmissionAttributes): boolean {
  const images = ({ spec }: Pod) => [
    (spec.containers ?? []).map(({ image }) => image),
    (spec.initContainers ?? []).map(({ image }) => image),
  ]
  if (!jsonEqual(images(object as Pod), images(oldObject as Pod))) return true
  const known = new Map((oldObject as Pod).spec.ephemeralContainers?.map(({ name, image }) => [name, image]))
  const { ephemeralContainers = [] } = (object as Pod).spec
  return ephemeralContainers.some(({ name, image }) => !known.has(name) || known.get(name) !== image)
}

interface WithTemplate {
  readonly template?: PodLike
  readonly spec?: {
    readonly template?: PodLike
    readonly jobTemplate?: { readonly spec?: WithTemplate["spec"] }
  }
}

function podOf({ kind, object }: AdmissionAttributes): PodLike | undefined {
  if (kind.kind === "Pod") return object as Pod
  const { template, spec } = object as WithTemplate
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template
  return found?.spec && found
}
