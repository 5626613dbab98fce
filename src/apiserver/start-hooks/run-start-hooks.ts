import { formatNetwork } from "../../base/ip-address.ts"
import type { Client } from "../../client/client.ts"
import type { ServerParts } from "../server-parts.ts"
import { type AdvertisedAddress, ensureKubernetesService } from "./ensure-kubernetes-service.ts"
import { ensureFlowControl } from "./ensure-flow-control.ts"
import { ensureNamespaces } from "./ensure-namespaces.ts"
import { ensurePriorityClasses } from "./ensure-priority-classes.ts"
import { ensureServiceCidr } from "./ensure-service-cidr.ts"

/** What every cluster has is made true at each start, through the API like any other write. */
export async function runStartHooks(
  { serviceNetworks, clock, startHooks = [] }: ServerParts,
  client: Client,
  advertised: AdvertisedAddress | undefined,
): Promise<void> {
  const network = serviceNetworks[0]
  await Promise.all([
    ...startHooks.map((hook) => hook(client)),
    ensurePriorityClasses(client),
    ensureFlowControl(client),
    ensureServiceCidr(client, serviceNetworks.map(formatNetwork), clock),
    ensureNamespaces(client).then(async () => {
      if (advertised && network) await ensureKubernetesService(client, network, advertised)
    }),
  ])
}
