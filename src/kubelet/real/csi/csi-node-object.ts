import { ignoreNotFound, isStatusError } from "../../../apimachinery/status-error.ts"
import { Node } from "../../../api/core/v1/node.ts"
import { CSINode } from "../../../api/storage/v1/csi-node.ts"
import type { Client } from "../../../client/client.ts"
import type { NodeInfo } from "./csi-messages.ts"

export interface CsiNodeObjectOptions {
  readonly client: Client
  readonly nodeName: string
}

const maxInt32 = 2 ** 31 - 1
const tries = 8

/** The CSINode object of a node: which drivers it has, and what each calls the node. It goes with its Node. */
export class CsiNodeObject {
  readonly #options: CsiNodeObjectOptions

  constructor(options: CsiNodeObjectOptions) {
    this.#options = options
  }

  /** Makes it if it is not there; the Node must be. */
  async ensure(): Promise<CSINode> {
    const { client, nodeName } = this.#options
    const present = await client.get(CSINode, { name: nodeName }).catch(ignoreNotFound)
    if (present) return present
    const { metadata } = await client.get(Node, { name: nodeName })
    const owner = { apiVersion: "v1", kind: "Node", name: nodeName, uid: metadata.uid }
    return client.create(CSINode, {
      metadata: { name: nodeName, ownerReferences: [owner] },
      spec: { drivers: [] },
    })
  }

  /** Tells of a driver; of the places from where its volumes can be had, the node's labels tell. */
  async install(name: string, info: NodeInfo): Promise<void> {
    if (info.nodeId === "")
      throw new Error("error adding CSI driver node info: driverNodeID must not be empty")
    await this.#label(info.accessibleTopology?.segments ?? {})
    await this.update(name, info)
  }

  /** Tells what has changed of a driver. */
  async update(name: string, { nodeId, maxVolumesPerNode, accessibleTopology }: NodeInfo): Promise<void> {
    const topology = accessibleTopology?.segments ?? {}
    const driver = {
      name,
      nodeID: nodeId,
      topologyKeys: Object.keys(topology).sort(),
      ...(maxVolumesPerNode > 0 && { allocatable: { count: Math.min(maxVolumesPerNode, maxInt32) } }),
    }
    await this.#update((drivers) =>
      drivers.some((other) => other.name === name)
        ? drivers.map((other) => (other.name === name ? driver : other))
        : [...drivers, driver],
    )
  }

  async uninstall(name: string): Promise<void> {
    await this.#update((drivers) => drivers.filter((other) => other.name !== name))
  }

  async #update(
    change: (drivers: readonly CSINode["spec"]["drivers"][number][]) => CSINode["spec"]["drivers"],
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const current = await this.ensure()
      const drivers = change(current.spec.drivers ?? [])
      if (JSON.stringify(drivers) === JSON.stringify(current.spec.drivers)) return
      try {
        await this.#options.client.update(CSINode, { ...current, spec: { ...current.spec, drivers } })
        return
      } catch (error) {
        if (!isStatusError(error, "Conflict", "AlreadyExists") || attempt === tries)
          throw new Error(`error updating CSINode: ${(error as Error).message}`, { cause: error })
      }
    }
  }

  async #label(topology: Readonly<Record<string, string>>): Promise<void> {
    if (Object.keys(topology).length === 0) return
    const { client, nodeName } = this.#options
    const { metadata } = await client.get(Node, { name: nodeName })
    for (const [key, value] of Object.entries(topology)) {
      const present = metadata.labels?.[key]
      if (present !== undefined && present !== value)
        throw new Error(
          `detected topology value collision: driver reported "${key}":"${value}" but existing label is "${key}":"${present}"`,
        )
    }
    const body = { metadata: { labels: topology } }
    await client.patch(Node, { name: nodeName }, { type: "merge", body })
  }
}
