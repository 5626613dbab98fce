import { isStatusError } from "../../apimachinery/status-error.ts"
import { quote } from "../../base/quote.ts"
import { compareQuantities } from "../../apimachinery/quantity.ts"
import { parseAmounts } from "../../api/core/v1/pod-resources.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import type { Toleration } from "../../api/core/v1/toleration.ts"
import { RuntimeClass } from "../../api/node/v1/runtime-class.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A pod takes on what its runtime costs and where it can run (https://kubernetes.io/docs/concepts/containers/runtime-class/). */
export function runtimeClass({ cache, client }: AdmissionContext): AdmissionPlugin {
  async function findClass(attributes: AdmissionAttributes): Promise<RuntimeClass | undefined> {
    const { runtimeClassName: name } = (attributes.object as Pod).spec
    if (name === undefined) return undefined
    const found = cache.find(RuntimeClass, { name })
    if (found) return found
    try {
      return await client.get(RuntimeClass, { name })
    } catch (error) {
      if (!isStatusError(error, "NotFound")) throw error
      throw refuse(attributes, `pod rejected: RuntimeClass ${quote(name)} not found`)
    }
  }

  return {
    name: "RuntimeClass",
    on: [{ operations: ["CREATE"], resources: ["pods"] }],
    async mutate(attributes) {
      const found = await findClass(attributes)
      const pod = attributes.object as Pod
      return found ? withScheduling(attributes, withOverhead(attributes, pod, found), found) : pod
    },
    async validate(attributes) {
      const wanted = (await findClass(attributes))?.overhead?.podFixed
      const { overhead } = (attributes.object as Pod).spec
      if (wanted && !sameAmounts(wanted, overhead)) throw refuse(attributes, differentOverhead)
      if (!wanted && overhead !== undefined) {
        const why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
        throw refuse(attributes, why)
      }
    },
  }
}

const differentOverhead = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"

function withOverhead(attributes: AdmissionAttributes, pod: Pod, { overhead }: RuntimeClass): Pod {
  if (!overhead) return pod
  const own = pod.spec.overhead
  if (own && Object.keys(own).length > 0 && !sameAmounts(own, overhead.podFixed))
    throw refuse(attributes, differentOverhead)
  return { ...pod, spec: { ...pod.spec, ...(overhead.podFixed && { overhead: overhead.podFixed }) } }
}

function withScheduling(attributes: AdmissionAttributes, pod: Pod, { scheduling }: RuntimeClass): Pod {
  if (!scheduling) return pod
  const { nodeSelector: own = {}, tolerations = [] } = pod.spec
  const wanted = scheduling.nodeSelector ?? {}
  for (const [key, value] of Object.entries(wanted)) {
    if (own[key] === undefined || own[key] === value) continue
    const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own[key]}`
    throw refuse(attributes, why)
  }
  const nodeSelector = { ...own, ...wanted }
  const merged = mergeTolerations(tolerations, scheduling.tolerations ?? [])
  return {
    ...pod,
    spec: {
      ...pod.spec,
      ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
      ...(merged.length > 0 && { tolerations: merged }),
    },
  }
}

function mergeTolerations(own: readonly Toleration[], added: readonly Toleration[]): Toleration[] {
  return [...own, ...added.filter((each) => !own.some((toleration) => deepEqual(toleration, each)))]
}

function sameAmounts(a: ResourceList | undefined, b: ResourceList | undefined): boolean {
  const left = parseAmounts(a)
  const right = parseAmounts(b)
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].every((name) => {
    const one = left[name]
    const other = right[name]
    return one !== undefined && other !== undefined && compareQuantities(one, other) === 0
  })
}
