import { apiExtensionsRules } from "./apiextensions/strategies.ts"
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
import type { KindRules, RulesByResource } from "./validation/kind-rules.ts"

const rulesByGroup: Readonly<Record<string, RulesByResource>> = {
  "": coreRules,
  "admissionregistration.k8s.io": admissionRegistrationRules,
  "apiregistration.k8s.io": apiRegistrationRules,
  "certificates.k8s.io": certificatesRules,
  "flowcontrol.apiserver.k8s.io": flowControlRules,
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

/** What is special about writing objects of a kind; most kinds have something. */
export function rulesFor({ group, plural }: { readonly group: string; readonly plural: string }): KindRules {
  return rulesByGroup[group]?.[plural] ?? {}
}
