import { onAbort } from "../../../../base/on-abort.ts"
import type { Timer } from "../../../../base/clock.ts"
import { Service } from "../../../../api/core/v1/service.ts"
import { IPAddress } from "../../../../api/networking/v1/ip-address.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../../../apimachinery/status-error.ts"
import { parseIp } from "../../../../base/ip-address.ts"
import type { Client } from "../../../../client/client.ts"
import { createEventRecorder } from "../../../../client/create-event-recorder.ts"
import type { EventRecorder } from "../../../../client/event-recorder.ts"
import type { ServerParts } from "../../../server-parts.ts"
import { serviceNetworks } from "../claim-addresses.ts"
import { allocator, managedBy, planRepair, type Repair } from "./plan-repair.ts"

const intervalMs = 3 * 60_000
const component = "ipallocator-repair-controller"

/** Looks at the addresses of Services now and every three minutes, and mends what others have left (plan-repair.ts). */
export async function startAddressRepair(server: ServerParts, client: Client): Promise<void> {
  const { clock, random, signal } = server
  const log = server.log.named(component)
  const events = createEventRecorder({ client, clock, random, log, component, signal })
  const turn = () =>
    repairOnce(server, client, events).catch((error: unknown) => {
      log.warn("addresses of Services could not be repaired", { error: String(error) })
    })
  let timer: Timer | undefined
  const again = (): void => {
    if (!signal.aborted) timer = clock.after(intervalMs, () => void turn().then(again))
  }
  await turn()
  again()
  onAbort(signal, () => timer?.cancel())
}

async function repairOnce(server: ServerParts, client: Client, events: EventRecorder): Promise<void> {
  const list = ({ group, version, plural }: typeof Service | typeof IPAddress) =>
    server.resources
      .get({ group, version, plural })
      .registry.cache.list()
      .map(({ object }) => object as unknown)
  const repairs = planRepair({
    services: list(Service) as Service[],
    addresses: list(IPAddress) as IPAddress[],
    networks: serviceNetworks(server),
    nowMs: server.clock.now(),
  })
  for (const repair of repairs) {
    events.event(repair.about, "Warning", repair.reason, repair.message)
    await act(repair, client)
  }
}

async function act({ remove, make }: Repair, client: Client): Promise<void> {
  if (remove !== undefined) await client.delete(IPAddress, { name: remove }).catch(ignoreNotFound)
  if (!make) return
  const { namespace, name } = make.service.metadata
  const family = parseIp(make.address)?.family === 6 ? "IPv6" : "IPv4"
  const labels = { "ipaddress.kubernetes.io/ip-family": family, [managedBy]: allocator }
  const parentRef = { resource: "services", namespace: namespace!, name }
  await client
    .create(IPAddress, { metadata: { name: make.address, labels }, spec: { parentRef } })
    .catch(ignoreAlreadyExists)
}
