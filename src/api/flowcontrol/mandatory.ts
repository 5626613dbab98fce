import type { FlowSchema, Subject } from "./v1/flow-schema.ts"
import type { PriorityLevelConfiguration } from "./v1/priority-level-configuration.ts"

/*
 * The levels and schemas that are kept as they are in every cluster
 * (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#mandatory-configuration-objects).
 */

type Rule = NonNullable<FlowSchema["spec"]["rules"]>[number]

const autoUpdate = "apf.kubernetes.io/autoupdate-spec"

export function level(name: string, spec: object): PriorityLevelConfiguration {
  return {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "PriorityLevelConfiguration",
    metadata: { name, annotations: { [autoUpdate]: "true" } },
    spec,
  } as unknown as PriorityLevelConfiguration
}

export function schema(
  name: string,
  precedence: number,
  levelName: string,
  distinguisher: "ByUser" | "ByNamespace" | undefined,
  ...rules: Rule[]
): FlowSchema {
  return {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name, annotations: { [autoUpdate]: "true" } },
    spec: {
      matchingPrecedence: precedence,
      priorityLevelConfiguration: { name: levelName },
      ...(distinguisher && { distinguisherMethod: { type: distinguisher } }),
      rules,
    },
  } as unknown as FlowSchema
}

export const group = (name: string): Subject => ({ kind: "Group", group: { name } })
export const anybody = [group("system:unauthenticated"), group("system:authenticated")]

export function on(
  apiGroup: string,
  resources: readonly string[],
  verbs: readonly string[],
  where: { readonly namespaces?: readonly string[]; readonly clusterScope?: boolean },
) {
  const { namespaces = [], clusterScope } = where
  return {
    verbs: [...verbs],
    apiGroups: [apiGroup],
    resources: [...resources],
    namespaces: [...namespaces],
    ...(clusterScope && { clusterScope }),
  }
}

const everyResource = on("*", ["*"], ["*"], { namespaces: ["*"], clusterScope: true })
export const everything = {
  resourceRules: [everyResource],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
}

export const mandatoryLevels: readonly PriorityLevelConfiguration[] = [
  level("exempt", { type: "Exempt", exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  level("catch-all", {
    type: "Limited",
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" } },
  }),
]

export const mandatorySchemas: readonly FlowSchema[] = [
  schema("exempt", 1, "exempt", undefined, { subjects: [group("system:masters")], ...everything }),
  schema("catch-all", 10_000, "catch-all", "ByUser", { subjects: anybody, ...everything }),
]
