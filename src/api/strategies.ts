import { internalRules } from "./internal/strategies.ts"
import { apiExtensionsRules } from "./apiextensions/strategies.ts"
import { eventsRules } from "./events/strategies.ts"
import { resourceRules } from "./resource/strategies.ts"
import { apiRegistrationRules } from "./apiregistration/strategies.ts"
import { certificatesRules } from "./certificates/strategies.ts"
import { flowControlRules } from "./flowcontrol/strategies.ts"
import { admissionRegistrationRules } from "./admissionregistration/strategies.ts"
import { storageMigrationRules } from "./storagemigration/strategies.ts"
import { storageRules } from "./storage/strategies.ts"
import { networkingRules } from "./networking/strategies.ts"
import { autoscalingRules } from "./autoscaling/strategies.ts"
import { nodeRules } from "./node/strategies.ts"
import { schedulingRules } from "./scheduling/strategies.ts"
import { policyRules } from "./policy/strategies.ts"
import { discoveryRules } from "./discovery/strategies.ts"
import { coordinationRules } from "./coordination/strategies.ts"
import { rbacRules } from "./rbac/strategies.ts"
import { appsRules } from "./apps/strategies.ts"
import { batchRules } from "./batch/strategies.ts"
import { coreRules } from "./core/strategies.ts"
import { fieldPath } from "../apimachinery/field-path.ts"
import { validateFinalizers } from "../apimachinery/validate-object-meta.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Errors } from "./validation/checks.ts"
import { kubernetesFinalizer } from "./validation/finalizers.ts"
import type { KindRules, RulesByResource } from "./validation/kind-rules.ts"

const rulesByGroup: Readonly<Record<string, RulesByResource>> = {
  "": coreRules,
  "admissionregistration.k8s.io": admissionRegistrationRules,
  "apiregistration.k8s.io": apiRegistrationRules,
  "certificates.k8s.io": certificatesRules,
  "flowcontrol.apiserver.k8s.io": flowControlRules,
  "events.k8s.io": eventsRules,
  "internal.apiserver.k8s.io": internalRules,
  "resource.k8s.io": resourceRules,
  apps: appsRules,
  "apiextensions.k8s.io": apiExtensionsRules,
  batch: batchRules,
  "storagemigration.k8s.io": storageMigrationRules,
  "storage.k8s.io": storageRules,
  "networking.k8s.io": networkingRules,
  autoscaling: autoscalingRules,
  "node.k8s.io": nodeRules,
  "scheduling.k8s.io": schedulingRules,
  policy: policyRules,
  "discovery.k8s.io": discoveryRules,
  "coordination.k8s.io": coordinationRules,
  "rbac.authorization.k8s.io": rbacRules,
}

/** Kinds whose finalizers may have any name, as those of custom resources. */
const anyFinalizer: ReadonlySet<string> = new Set([
  "/events",
  "policy/poddisruptionbudgets",
  "node.k8s.io/runtimeclasses",
  "coordination.k8s.io/leases",
  "coordination.k8s.io/leasecandidates",
  "apiregistration.k8s.io/apiservices",
  "apiextensions.k8s.io/customresourcedefinitions",
])

/** What is special about writing objects of a kind; every built-in kind has something. */
export function rulesFor({ group, plural }: { readonly group: string; readonly plural: string }): KindRules {
  const found = rulesByGroup[group]?.[plural] ?? {}
  const isLenient = group === "admissionregistration.k8s.io" || anyFinalizer.has(`${group}/${plural}`)
  return rulesByGroup[group] && !isLenient ? withFinalizers(found) : found
}

function withFinalizers({ validate, validateUpdate = validate, ...others }: KindRules): KindRules {
  return {
    ...others,
    validate: (object) => [...finalizers(object), ...(validate?.(object) ?? [])],
    validateUpdate: (object, old) => [
      ...validateFinalizers(object.metadata.finalizers, fieldPath("metadata", "finalizers")),
      ...finalizers(object),
      ...(validateUpdate?.(object, old) ?? []),
    ],
  }
}

function* finalizers({ metadata }: KubeObject): Errors {
  for (const [index, name] of (metadata.finalizers ?? []).entries()) {
    yield* kubernetesFinalizer(name, fieldPath("metadata", "finalizers").index(index))
  }
}
