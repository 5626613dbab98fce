import { persistentVolumeClaimQuota } from "../../api/core/quota/claim-quota.ts"
import { QuotaEvaluators } from "../../api/core/quota/compute-quota-usage.ts"
import { podQuota } from "../../api/core/quota/pod-quota.ts"
import type { QuotaChange, QuotaEvaluator } from "../../api/core/quota/quota-evaluator.ts"
import { resourceClaimQuota } from "../../api/core/quota/resource-claim-quota.ts"
import { serviceQuota } from "../../api/core/quota/service-quota.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ResourceQuota } from "../../api/core/v1/resource-quota.ts"
import { DeviceClass } from "../../api/resource/v1/device-class.ts"
import { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { chargeQuotas } from "./quota-charge.ts"
import { refuse } from "./refuse.ts"

/**
 * Keeps what a namespace uses in all within its ResourceQuotas (https://kubernetes.io/docs/concepts/policy/resource-quotas/).
 *
 * What a write uses is added to `status.used` before the write is stored, so that racing writers never exceed a quota: the
 * update of the quota fails when somebody else was faster, here or at another server, and then the write is judged again.
 * A write that fails later has been charged for nothing; the controller, which counts anew, gives that back. Writes to one
 * namespace wait for each other, and all that waited are charged with one update.
 */
export function resourceQuota({ cache, client, clock }: AdmissionContext): AdmissionPlugin {
  const evaluators = new QuotaEvaluators([
    podQuota(clock),
    serviceQuota,
    persistentVolumeClaimQuota,
    resourceClaimQuota(
      {
        deviceClasses: () => cache.list(DeviceClass),
        findPod: (namespace, name) => cache.find(Pod, { namespace, name }),
        claimsOf: (podUid) => cache.ownedBy(ResourceClaim, podUid),
      },
      clock,
    ),
  ] as readonly QuotaEvaluator[])
  const cashier = new Cashier({ cache, client })

  return {
    name: "ResourceQuota",
    on: [{ operations: ["CREATE", "UPDATE"] }],
    async validate(attributes) {
      const { namespace, kind, operation, resource, subresource, object, oldObject } = attributes
      if (namespace === "" || !object || (kind.kind === "Namespace" && kind.group === "")) return
      if (cache.list(ResourceQuota, { namespace }).length === 0) return
      const evaluator = evaluators.find(groupResource(resource))
      const change: QuotaChange = { operation, subresource, object, oldObject }
      if (evaluator?.isCharged(change)) await cashier.charge({ attributes, change, evaluator })
    },
  }
}

interface Purchase {
  readonly attributes: AdmissionAttributes
  readonly change: QuotaChange
  readonly evaluator: QuotaEvaluator
}

interface Waiter extends Purchase {
  readonly admit: () => void
  readonly reject: (error: unknown) => void
}

const maxAttempts = 4

/** Serves namespaces side by side, and each one's writes in turn. */
class Cashier {
  readonly #context: Pick<AdmissionContext, "cache" | "client">
  readonly #lines = new Map<string, Waiter[]>()

  constructor(context: Pick<AdmissionContext, "cache" | "client">) {
    this.#context = context
  }

  charge(purchase: Purchase): Promise<void> {
    return new Promise((admit, reject) => {
      const waiter = { ...purchase, admit, reject }
      const { namespace } = purchase.attributes
      const line = this.#lines.get(namespace)
      if (line) line.push(waiter)
      else void this.#serve(namespace, waiter)
    })
  }

  async #serve(namespace: string, first: Waiter): Promise<void> {
    const line: Waiter[] = [first]
    this.#lines.set(namespace, line)
    while (line.length > 0) {
      const batch = line.splice(0)
      await this.#judge(namespace, batch).catch((error: unknown) => {
        for (const waiter of batch) waiter.reject(error)
      })
    }
    this.#lines.delete(namespace)
  }

  async #judge(namespace: string, batch: readonly Waiter[]): Promise<void> {
    let quotas = this.#context.cache.list(ResourceQuota, { namespace })
    let waiting = batch
    for (let attempt = 1; waiting.length > 0; attempt++) {
      const { charged, pending } = settle(quotas, waiting)
      waiting = pending
      const changed = charged.filter((quota, index) => quota !== quotas[index])
      const failures = await this.#write(changed)
      if (failures.size === 0) {
        for (const { admit } of waiting) admit()
        return
      }
      if (attempt === maxAttempts) throw failures.values().next().value
      // Those that were written hold their charge already.
      const { items } = await this.#context.client.list(ResourceQuota, { namespace })
      quotas = items.filter(({ metadata }) => failures.has(metadata.name ?? ""))
    }
  }

  async #write(quotas: readonly ResourceQuota[]): Promise<Map<string, unknown>> {
    const failures = new Map<string, unknown>()
    for (const quota of quotas) {
      await this.#context.client.updateStatus(ResourceQuota, quota).catch((error: unknown) => {
        failures.set(quota.metadata.name ?? "", error)
      })
    }
    return failures
  }
}

/** Answers those whose case is clear; the rest wait for the quotas to be written as charged. */
function settle(
  quotas: readonly ResourceQuota[],
  waiters: readonly Waiter[],
): { charged: readonly ResourceQuota[]; pending: Waiter[] } {
  let charged = quotas
  const pending: Waiter[] = []
  for (const waiter of waiters) {
    const { attributes, change, evaluator, admit, reject } = waiter
    const outcome = chargeQuotas(charged, change, evaluator)
    if ("refused" in outcome) reject(refuse(attributes, outcome.refused))
    else if (attributes.dryRun || outcome.quotas.every((quota, index) => quota === charged[index])) admit()
    else {
      charged = outcome.quotas
      pending.push(waiter)
    }
  }
  return { charged, pending }
}
