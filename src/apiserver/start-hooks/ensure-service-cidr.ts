import { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { Clock } from "../../base/clock.ts"
import type { Client } from "../../client/client.ts"

const name = "kubernetes"

/** Makes true that the ranges the server was started with are there as the ServiceCIDR "kubernetes", ready to be used. */
export async function ensureServiceCidr(
  client: Client,
  cidrs: readonly string[],
  clock: Clock,
): Promise<void> {
  const found =
    (await client.get(ServiceCIDR, { name }).catch(ignoreNotFound)) ??
    (await client
      .create(ServiceCIDR, { metadata: { name }, spec: { cidrs: [...cidrs] } })
      .catch(ignoreAlreadyExists))
  if (!found || found.status.conditions?.some(({ type }) => type === "Ready")) return
  const ready = {
    type: "Ready",
    status: "True",
    lastTransitionTime: formatTime(clock.now()),
    reason: "",
    message: "Kubernetes default Service CIDR is ready",
  }
  await client.updateStatus(ServiceCIDR, { ...found, status: { conditions: [ready] } })
}
