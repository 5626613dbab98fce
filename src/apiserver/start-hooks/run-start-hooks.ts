import { formatNetwork } from "../../base/ip-address.ts"
import type { Client } from "../../client/client.ts"
import { startAddressRepair } from "../registry/service/repair/repair-loop.ts"
import type { ServerParts } from "../server-parts.ts"
import { type AdvertisedAddress, ensureKubernetesService } from "./ensure-kubernetes-service.ts"
import { ensureFlowControl } from "./ensure-flow-control.ts"
import { ensureNamespaces } from "./ensure-namespaces.ts"
import { ensurePriorityClasses } from "./ensure-priority-classes.ts"
import { ensureServiceCidr } from "./ensure-service-cidr.ts"

/** As `/readyz/poststarthook/NAME` asks for them: upstream's names for what does the same there. */
export const startHookNames = [
  "rbac/bootstrap-roles",
  "scheduling/bootstrap-system-priority-classes",
  "priority-and-fairness-config-producer",
  "start-kubernetes-service-cidr-controller",
  "start-system-namespaces-controller",
  "bootstrap-controller",
] as const

export type StartHookName = (typeof startHookNames)[number]

/**
 * What every cluster has is made true at each start, through the API like any other write.
 *
 * @param done told of each hook that has come to its end
 */
export async function runStartHooks(
  server: ServerParts,
  client: Client,
  advertised: AdvertisedAddress | undefined,
  done: (name: StartHookName) => void,
): Promise<void> {
  const { serviceNetworks, clock, startHooks = [] } = server
  const network = serviceNetworks[0]
  const run = (name: StartHookName, hook: Promise<unknown>) => hook.then(() => done(name))
  const namespaces = ensureNamespaces(client)
  const kubernetesService = async () => {
    await namespaces
    if (!advertised || !network) return
    const { address, port } = advertised
    await ensureKubernetesService(client, network, { addresses: [address], port })
  }
  await Promise.all([
    run("rbac/bootstrap-roles", Promise.all(startHooks.map((hook) => hook(client)))),
    run("scheduling/bootstrap-system-priority-classes", ensurePriorityClasses(client)),
    run("priority-and-fairness-config-producer", ensureFlowControl(client)),
    run(
      "start-kubernetes-service-cidr-controller",
      ensureServiceCidr(client, serviceNetworks.map(formatNetwork), clock),
    ),
    run("start-system-namespaces-controller", namespaces),
    run("bootstrap-controller", kubernetesService()),
  ])
  await startAddressRepair(server, client)
}
