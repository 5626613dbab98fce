import { templateGeneration } from "../../api/apps/template-generation.ts"
import type { DaemonSet } from "../../api/apps/v1/daemon-set.ts"
import type { Affinity } from "../../api/core/v1/affinity.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod, PodSpec } from "../../api/core/v1/pod.ts"
import type { Toleration } from "../../api/core/v1/toleration.ts"
import { findUntolerated } from "../../api/core/v1/tolerate-taints.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { revisionLabel } from "../revisions/revisions.ts"
import { fitsNode } from "../../api/core/v1/match-node-selector.ts"
import { podFromTemplate } from "../shared/pod-control.ts"

/** Daemons stay on nodes that are in trouble: that is where they are needed (log shippers, network agents). */
const daemonTolerations: readonly Toleration[] = [
  tolerate("not-ready", "NoExecute"),
  tolerate("unreachable", "NoExecute"),
  tolerate("disk-pressure", "NoSchedule"),
  tolerate("memory-pressure", "NoSchedule"),
  tolerate("pid-pressure", "NoSchedule"),
  tolerate("unschedulable", "NoSchedule"),
]

function tolerate(key: string, effect: Toleration["effect"]): Toleration {
  return { key: `node.kubernetes.io/${key}`, operator: "Exists", effect }
}

function tolerationsOf({ hostNetwork, tolerations = [] }: PodSpec): Toleration[] {
  const added = [
    ...daemonTolerations,
    ...(hostNetwork ? [tolerate("network-unavailable", "NoSchedule")] : []),
  ]
  const isSame = (a: Toleration, b: Toleration) =>
    a.key === b.key &&
    a.effect === b.effect &&
    a.operator === b.operator &&
    (a.value ?? "") === (b.value ?? "")
  return [...tolerations, ...added.filter((one) => !tolerations.some((other) => isSame(one, other)))]
}

/** Whether a node should run a daemon, and if not, whether one that runs there already may stay. */
export function placementOn(daemonSet: DaemonSet, node: Node): { run: boolean; stay: boolean } {
  const { spec } = daemonSet.spec.template
  const named = !spec.nodeName || spec.nodeName === node.metadata.name
  if (!named || !fitsNode(spec, node)) return { run: false, stay: false }
  const tolerations = tolerationsOf(spec)
  const taints = node.spec.taints ?? []
  return {
    run: !findUntolerated(taints, tolerations, ({ effect }) => effect !== "PreferNoSchedule"),
    stay: !findUntolerated(taints, tolerations, ({ effect }) => effect === "NoExecute"),
  }
}

export const generationLabel = "pod-template-generation"

/** The number of its template, as the API server counts them. */
export function generationOf({ metadata }: DaemonSet): string | undefined {
  const text = metadata.annotations?.[templateGeneration] ?? ""
  return /^-?[0-9]+$/.test(text) ? text : undefined
}

/** The pod for one node: the scheduler binds it, and only there. */
export function daemonPod(daemonSet: DaemonSet, nodeName: string, revisionHash: string): Draft<Pod> {
  const { template } = daemonSet.spec
  const pod = podFromTemplate(template, daemonSet)
  const generation = generationOf(daemonSet)
  const labels = {
    ...template.metadata.labels,
    [revisionLabel]: revisionHash,
    ...(generation && { [generationLabel]: generation }),
  }
  return {
    metadata: { ...pod.metadata, labels },
    spec: {
      ...pod.spec,
      tolerations: tolerationsOf(template.spec),
      affinity: onlyOn(nodeName, template.spec.affinity),
    },
  }
}

/** The node's name takes the place of every other required term: fitting was decided here. */
function onlyOn(nodeName: string, affinity: Affinity | undefined): Affinity {
  const byName = { key: "metadata.name", operator: "In" as const, values: [nodeName] }
  const nodeSelectorTerms = [{ matchFields: [byName] }]
  return {
    ...affinity,
    nodeAffinity: {
      ...affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
    },
  }
}

/** The node a daemon is bound to, or meant for while it waits for the scheduler. */
export function nodeOf(pod: Pod): string | undefined {
  if (pod.spec.nodeName) return pod.spec.nodeName
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms)
    for (const { key, operator, values = [] } of matchFields)
      if (key === "metadata.name" && operator === "In" && values.length === 1) return values[0]
  return undefined
}
