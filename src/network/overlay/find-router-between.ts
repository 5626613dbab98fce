import type { Commands } from "../../base/commands.ts"
import type { Node } from "../../api/core/v1/node.ts"
import { internalAddresses } from "./plan-overlay.ts"

/** A node that this machine reaches only through somebody else. */
export interface FarNode {
  readonly node: string
  readonly address: string
  /** The router, or why there is no way at all. */
  readonly via: string
}

/** The first of the nodes that is not on a link of this machine; undefined when all are. */
export async function findRouterBetween(
  nodes: readonly Node[],
  commands: Commands,
): Promise<FarNode | undefined> {
  for (const node of nodes)
    for (const address of internalAddresses(node)) {
      const via = await findRouter(address, commands)
      if (via !== undefined) return { node: node.metadata.name, address, via }
    }
  return undefined
}

async function findRouter(address: string, commands: Commands): Promise<string | undefined> {
  const output = await commands.run("ip", ["-json", "route", "get", address]).catch(() => "[]")
  const [route] = JSON.parse(output || "[]") as { gateway?: string }[]
  return route ? route.gateway : "a network without a route from here"
}
