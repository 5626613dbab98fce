import type { PodGroup } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { Workload } from "../../api/scheduling/v1alpha2/workload.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { internalError } from "../../apimachinery/status-errors.ts"
import { quote } from "../../base/quote.ts"
import type { AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A group made by a Workload's template can only be made while there are both. */
export function podGroupWorkloadExists(context: AdmissionContext): AdmissionPlugin {
  return {
    name: "PodGroupWorkloadExists",
    on: [{ operations: ["CREATE"], resources: ["podgroups.scheduling.k8s.io"] }],
    async validate(attributes) {
      const template = (attributes.object as PodGroup).spec.podGroupTemplateRef?.workload
      if (!template) return
      const { workloadName = "", podGroupTemplateName = "" } = template
      const reject = (why: string) => refuse(attributes, `PodGroup rejected: ${why}`)
      const workload = await findWorkload(context, attributes.namespace, workloadName)
      if (!workload) throw reject(`Workload ${quote(workloadName)} not found`)
      if (workload.metadata.deletionTimestamp)
        throw reject(`Workload ${quote(workloadName)} is being deleted`)
      if (!workload.spec.podGroupTemplates?.some(({ name }) => name === podGroupTemplateName))
        throw reject(
          `PodGroupTemplate ${quote(podGroupTemplateName)} not found in Workload ${quote(workloadName)}`,
        )
    },
  }
}

/** Another server may have made it a moment ago. */
async function findWorkload(
  { cache, client }: AdmissionContext,
  namespace: string,
  name: string,
): Promise<Workload | undefined> {
  const found = cache.find(Workload, { namespace, name })
  if (found) return found
  try {
    return await client.get(Workload, { namespace, name })
  } catch (error) {
    if (isStatusError(error, "NotFound")) return undefined
    throw internalError(error)
  }
}
