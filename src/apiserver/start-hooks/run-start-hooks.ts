import { formatNetwork } from "../../base/ip-address.ts"
import type { Client } from "../../client/client.ts"
import { startAddressRepair } from "../registry/service/repair/repair-loop.ts"
import type { ServerParts } from "../server-parts.ts"
import { type AdvertisedAddress, ensureKubernetesService } from "./ensure-kubernetes-service.ts"
import { ensureFlowControl } from "./ensure-flow-control.ts"
import { ensureNamespaces } from "./ensure-namespaces.ts"
import { ensurePriorityClasses } from "./ensure-priority-classes.ts"
import { ensureServiceCidr } from "./ensure-service-cidr.ts"
import type { StartStep } from "./start-steps.ts"

/**
 * What every cluster has is made true at each start, through the API like any other write.
 *
 * @param finish told of each step that has come to its end
 */
export async function runStartHooks(
  server: ServerParts,
  client: Client,
  advertised: AdvertisedAddress | undefined,
  finish: (step: StartStep) => void,
): Promise<void> {
  const { serviceNetworks, clock, startHooks = [] } = server
  const network = serviceNetworks[0]
  const run = (step: StartStep, work: Promise<unknown>) => work.then(() => finish(step))
  const namespaces = ensureNamespaces(client)
  const kubernetesService = async () => {
    await namespaces
    if (!advertised || !network) return
    const { address, port } = advertised
    await ensureKubernetesService(client, network, { addresses: [address], port })
  }
  await Promise.all([
    run("security", Promise.all(startHooks.map((hook) => hook(client)))),
    run("priorityClasses", ensurePriorityClasses(client)),
    run("flowControl", ensureFlowControl(client)),
    run("serviceCidr", ensureServiceCidr(client, serviceNetworks.map(formatNetwork), clock)),
    run("namespaces", namespaces),
    run("kubernetesService", kubernetesService()),
  ])
  await run("addressRepair", startAddressRepair(server, client))
}
