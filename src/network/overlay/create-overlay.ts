import { orAborted } from "../../base/on-abort.ts"
import type { Clock } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { SyncLoop } from "../../base/sync-loop.ts"
import { Node } from "../../api/core/v1/node.ts"
import type { Informers } from "../../client/informers.ts"
import { overlayInterfaceName, routingTable } from "../interface-names.ts"
import { ensureOverlayDevice } from "./overlay-device.ts"
import { applyOverlay, type KernelOverlay, removeRoutes } from "./overlay-kernel.ts"
import { ensureReturnPath, removeReturnPath } from "./return-path.ts"
import { type OverlayMode, type OverlayPlan, planOverlay } from "./plan-overlay.ts"

/** Connects the pods of this node with those of all others. */
export interface Overlay {
  /** Follows the Nodes until `signal` aborts; what was made stays. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when every node that exists is connected for the first time. */
  readonly ready: Promise<void>
  settled(): Promise<void>
  cleanUp(): Promise<void>
}

export interface OverlayOptions {
  readonly informers: Informers
  readonly nodeName: string
  /** Where other nodes reach this one. */
  readonly nodeAddress: string
  /** Starts the device's name. */
  readonly prefix: string
  readonly podCidrs: readonly string[]
  readonly clusterCidrs: readonly string[]
  /** The node's addresses in the pod network (PodNetwork.gateways). */
  readonly gateways: readonly string[]
  /** "host-gw" needs all nodes on one link. @default "vxlan" */
  readonly mode?: OverlayMode
  /** VXLAN network identifier; the same on all nodes of a cluster. @default 1 */
  readonly networkId?: number
  /** VXLAN's UDP port; the same on all nodes of a cluster. @default 8472 */
  readonly port?: number
  readonly commands: Commands
  readonly clock: Clock
  readonly log: Logger
}

export function createOverlay(options: OverlayOptions): Overlay {
  const { informers, commands, clock, log, mode = "vxlan" } = options
  const device = overlayInterfaceName(options.prefix)
  const kernel: KernelOverlay = {
    ...(mode === "vxlan" && { device, returnTable: routingTable(options.prefix) }),
    clusterCidrs: options.clusterCidrs,
    gateways: options.gateways,
    commands,
  }
  // Nodes change every few seconds (their status), what matters of them hardly ever.
  let applied: string | undefined
  let routeCount = -1
  let outOfReach = ""
  let deviceMade = false

  async function sync(): Promise<void> {
    const plan: OverlayPlan = planOverlay(informers.cache.list(Node), options, mode)
    const text = JSON.stringify(plan)
    if (text === applied) return
    // A node that is alone needs no overlay; what an earlier life has left of one is of no use.
    if (plan.routes.length === 0 && !deviceMade) {
      await removeOverlay()
      applied = text
      return
    }
    if (mode === "vxlan" && !deviceMade) {
      const { networkId = 1, port = 8472, nodeAddress, podCidrs } = options
      await ensureOverlayDevice({ name: device, networkId, port, nodeAddress, podCidrs }, commands)
      await ensureReturnPath({ ...options, device }, commands)
      deviceMade = true
    }
    await applyOverlay(plan, kernel)
    applied = text
    if (routeCount !== plan.routes.length)
      log.info("connected to other nodes' pods", { mode, routes: plan.routes.length })
    routeCount = plan.routes.length
    if (outOfReach !== plan.outOfReach.join() && plan.outOfReach.length > 0)
      log.warn("pods of nodes without an address of the right family are out of reach", {
        nodes: plan.outOfReach,
      })
    outOfReach = plan.outOfReach.join()
  }

  async function removeOverlay(): Promise<void> {
    await removeRoutes(kernel)
    if (mode !== "vxlan") return
    await commands.run("ip", ["link", "del", device]).catch(() => {})
    await removeReturnPath(options.prefix, commands)
  }

  /** Somebody may have removed device or routes: applying what is there costs four small programs. */
  async function inspect(): Promise<boolean> {
    forget()
    return false
  }

  function forget(): void {
    applied = undefined
    deviceMade = false
  }

  const loop = new SyncLoop({ clock, log, sync, failed: forget, inspect })
  return {
    get ready() {
      return loop.ready
    },
    settled: () => loop.settled(),
    async run(signal) {
      const stopWatching = informers.onChange(Node, () => loop.trigger())
      await orAborted(informers.for(Node).synced, signal)
      await loop.run(signal)
      stopWatching()
    },
    async cleanUp() {
      forget()
      await removeOverlay()
    },
  }
}
