import type { FlowSchema, Subject } from "../../api/flowcontrol/v1/flow-schema.ts"
import type { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import { anybody, everything, group, level, on, schema } from "../../api/flowcontrol/mandatory.ts"

/*
 * The levels and schemas that every cluster begins with, as upstream has them
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#defaults), beside the mandatory ones.
 * plan-default-objects.ts says how long they stay as they are.
 */

function queued(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues: number,
  handSize: number,
): PriorityLevelConfiguration {
  const queuing = { queues, handSize, queueLengthLimit: 50 }
  const limitResponse = { type: "Queue", queuing }
  return level(name, {
    type: "Limited",
    limited: { nominalConcurrencyShares, lendablePercent, limitResponse },
  })
}

const user = (name: string): Subject => ({ kind: "User", user: { name } })
const account = (name: string): Subject => ({
  kind: "ServiceAccount",
  serviceAccount: { namespace: "kube-system", name },
})
const electing = ["get", "create", "update"]

export const suggestedLevels: readonly PriorityLevelConfiguration[] = [
  queued("system", 30, 33, 64, 6),
  queued("node-high", 40, 25, 64, 6),
  queued("leader-election", 10, 0, 16, 4),
  queued("workload-high", 40, 50, 128, 6),
  queued("workload-low", 100, 90, 128, 6),
  queued("global-default", 20, 50, 128, 6),
]

export const suggestedSchemas: readonly FlowSchema[] = [
  schema("probes", 2, "exempt", undefined, {
    subjects: anybody,
    nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] }],
  }),
  schema("system-leader-election", 100, "leader-election", "ByUser", {
    subjects: [user("system:kube-controller-manager"), user("system:kube-scheduler"), account("*")],
    resourceRules: [on("coordination.k8s.io", ["leases"], electing, { namespaces: ["*"] })],
  }),
  schema("endpoint-controller", 150, "workload-high", "ByUser", {
    subjects: [
      user("system:kube-controller-manager"),
      account("endpoint-controller"),
      account("endpointslicemirroring-controller"),
    ],
    resourceRules: [on("", ["endpoints"], electing, { namespaces: ["*"] })],
  }),
  schema("workload-leader-election", 200, "leader-election", "ByUser", {
    subjects: [account("*")],
    resourceRules: [
      on("", ["endpoints", "configmaps"], electing, { namespaces: ["*"] }),
      on("coordination.k8s.io", ["leases"], electing, { namespaces: ["*"] }),
    ],
  }),
  schema("system-node-high", 400, "node-high", "ByUser", {
    subjects: [group("system:nodes")],
    resourceRules: [
      on("", ["nodes", "nodes/status"], ["*"], { namespaces: ["*"], clusterScope: true }),
      on("coordination.k8s.io", ["leases"], ["*"], { namespaces: ["*"] }),
    ],
  }),
  schema("system-nodes", 500, "system", "ByUser", { subjects: [group("system:nodes")], ...everything }),
  schema("kube-controller-manager", 800, "workload-high", "ByNamespace", {
    subjects: [user("system:kube-controller-manager")],
    ...everything,
  }),
  schema("kube-scheduler", 800, "workload-high", "ByNamespace", {
    subjects: [user("system:kube-scheduler")],
    ...everything,
  }),
  schema("kube-system-service-accounts", 900, "workload-high", "ByNamespace", {
    subjects: [account("*")],
    ...everything,
  }),
  schema("service-accounts", 9000, "workload-low", "ByUser", {
    subjects: [group("system:serviceaccounts")],
    ...everything,
  }),
  schema("global-default", 9900, "global-default", "ByUser", { subjects: anybody, ...everything }),
]
