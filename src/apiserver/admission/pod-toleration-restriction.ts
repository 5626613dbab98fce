import { Toleration } from "../../api/core/v1/toleration.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { podQosClass } from "../../api/core/v1/pod-qos.ts"
import { parseJson } from "../../apimachinery/codec/json.ts"
import { jsonEqual } from "../../apimachinery/json-equal.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { getNamespace } from "./get-namespace.ts"

const defaultsAnnotation = "scheduler.alpha.kubernetes.io/defaultTolerations"
const allowedAnnotation = "scheduler.alpha.kubernetes.io/tolerationsWhitelist"

/** For namespaces that say nothing of their own. */
export interface ClusterTolerations {
  readonly default?: readonly Toleration[]
  readonly allowed?: readonly Toleration[]
}

/** Gives the pods of a namespace the tolerations of its annotation, and lets them have no others than it allows. */
export function podTolerationRestriction(
  context: AdmissionContext,
  cluster: ClusterTolerations = {},
): AdmissionPlugin {
  const ofNamespace = async ({ namespace }: AdmissionAttributes, annotation: string) => {
    const { annotations } = (await getNamespace(context, namespace)).metadata
    return parse(annotations?.[annotation])
  }
  const check = async (attributes: AdmissionAttributes, { spec }: Pod): Promise<void> => {
    if (!spec.tolerations?.length) return
    const own = await ofNamespace(attributes, allowedAnnotation)
    const allowed = own ?? cluster.allowed ?? []
    if (allowed.length === 0) return
    if (spec.tolerations.every((each) => allowed.some((other) => covers(other, each)))) return
    const whose = own ? "namespace" : "cluster"
    const why = `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${whose} whitelist`
    throw new StatusError("Unknown", why, { code: 500 })
  }
  return {
    name: "PodTolerationRestriction",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods"] }],
    async mutate(attributes) {
      const pod = attributes.object as Pod
      const added: Toleration[] = []
      if (attributes.operation === "CREATE")
        added.push(...((await ofNamespace(attributes, defaultsAnnotation)) ?? cluster.default ?? []))
      if (podQosClass(pod) !== "BestEffort") added.push(memoryPressure)
      const result = added.length === 0 ? pod : withTolerations(pod, added)
      await check(attributes, result)
      return result
    },
    validate: (attributes) => check(attributes, attributes.object as Pod),
  }
}

const memoryPressure: Toleration = {
  key: "node.kubernetes.io/memory-pressure",
  operator: "Exists",
  effect: "NoSchedule",
}

function withTolerations(pod: Pod, added: readonly Toleration[]): Pod {
  const before = pod.spec.tolerations ?? []
  const tolerations = mergeTolerations([...before, ...added])
  return jsonEqual(before, tolerations) ? pod : { ...pod, spec: { ...pod.spec, tolerations } }
}

/** Leaves out what another one covers; of two that are alike the first stays. */
function mergeTolerations(all: readonly Toleration[]): Toleration[] {
  const merged: Toleration[] = []
  for (const [index, each] of all.entries()) {
    const isCovered =
      merged.some((other) => covers(other, each)) ||
      all.slice(index + 1).some((later) => !jsonEqual(each, later) && covers(later, each))
    if (!isCovered) merged.push(each)
  }
  return merged
}

/** Whether `wide` tolerates everything that `narrow` does. */
function covers(wide: Toleration, narrow: Toleration): boolean {
  if (jsonEqual(wide, narrow)) return true
  if ((narrow.key || "") !== (wide.key || "") && !(!wide.key && wide.operator === "Exists")) return false
  if (wide.effect && narrow.effect !== wide.effect) return false
  if (wide.effect === "NoExecute" && wide.tolerationSeconds !== undefined) {
    const seconds = narrow.tolerationSeconds
    if (seconds === undefined || seconds > wide.tolerationSeconds) return false
  }
  switch (wide.operator || "Equal") {
    case "Equal":
      return (narrow.operator || "Equal") === "Equal" && (narrow.value ?? "") === (wide.value ?? "")
    case "Exists":
      return true
    default:
      return false
  }
}

/** Undefined: the namespace says nothing. */
function parse(text: string | undefined): readonly Toleration[] | undefined {
  if (text === undefined) return undefined
  return text === "" ? [] : ((parseJson(text) as Toleration[] | null) ?? [])
}
