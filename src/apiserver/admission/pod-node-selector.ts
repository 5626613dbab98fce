import type { Pod } from "../../api/core/v1/pod.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { getNamespace } from "./get-namespace.ts"
import { parseLabelSelector } from "../../apimachinery/labels.ts"
import { internalError } from "../../apimachinery/status-errors.ts"
import { refuse } from "./refuse.ts"

const annotation = "scheduler.alpha.kubernetes.io/node-selector"

type Labels = Readonly<Record<string, string>>

/** By namespace, and under "clusterDefaultNodeSelector" for those without an annotation: "env=test,zone=a". */
export type NodeSelectors = Readonly<Record<string, string>>

/**
 * Keeps the pods of a namespace on the nodes that its annotation names: "env=test,zone=a".
 *
 * @param selectors the default, and what pods of a namespace may ask for at most
 */
export function podNodeSelector(context: AdmissionContext, selectors: NodeSelectors = {}): AdmissionPlugin {
  const checked = async (attributes: AdmissionAttributes): Promise<Labels> => {
    const { annotations } = (await getNamespace(context, attributes.namespace)).metadata
    const wanted = selectorOf(annotations?.[annotation] ?? selectors["clusterDefaultNodeSelector"])
    const { nodeSelector = {} } = (attributes.object as Pod).spec
    const conflicts = Object.entries(wanted).some(
      ([key, value]) => nodeSelector[key] !== undefined && nodeSelector[key] !== value,
    )
    if (!conflicts) return wanted
    throw refuse(attributes, "pod node label selector conflicts with its namespace node label selector")
  }
  const checkAllowed = (attributes: AdmissionAttributes, nodeSelector: Labels = {}): void => {
    const allowed = selectorOf(selectors[attributes.namespace])
    if (Object.keys(allowed).length === 0) return
    if (Object.entries(nodeSelector).every(([key, value]) => allowed[key] === value)) return
    throw refuse(attributes, "pod node label selector labels conflict with its namespace whitelist")
  }
  return {
    name: "PodNodeSelector",
    on: [{ operations: ["CREATE"], resources: ["pods"] }],
    async mutate(attributes) {
      const wanted = await checked(attributes)
      const pod = attributes.object as Pod
      const nodeSelector = { ...wanted, ...pod.spec.nodeSelector }
      checkAllowed(attributes, nodeSelector)
      if (Object.keys(wanted).length === 0) return pod
      return { ...pod, spec: { ...pod.spec, nodeSelector } }
    },
    async validate(attributes) {
      await checked(attributes)
      checkAllowed(attributes, (attributes.object as Pod).spec.nodeSelector)
    },
  }
}

function selectorOf(text: string | undefined): Labels {
  if (!text) return {}
  try {
    const { requirements } = parseLabelSelector(text)
    return Object.fromEntries(
      requirements.map(({ key, operator, values }) => {
        const [value] = values
        if (!["=", "==", "in"].includes(operator) || value === undefined || values.length > 1)
          throw new Error(`invalid selector: ${text}`)
        return [key, value]
      }),
    )
  } catch (error) {
    throw internalError(error)
  }
}
