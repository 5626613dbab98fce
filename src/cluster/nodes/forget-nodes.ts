import { rmSync } from "node:fs"
import { Node } from "../../api/core/v1/node.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { cleanUpNode } from "../clean-up.ts"
import { selfUser } from "../identities.ts"
import type { NodesParts } from "./start-nodes.ts"

/**
 * Removes all that there is of a node that does not run, here and in the API: its pods are made again elsewhere instead of
 * waiting for a node that never comes back.
 */
export async function forgetNode(name: string, parts: NodesParts): Promise<void> {
  const { directory, networks, controlPlane } = parts
  await cleanUpNode(directory, name, networks)
  rmSync(directory.nodeDirectory(name), { recursive: true, force: true })
  const client = (await controlPlane).clientFor(selfUser)
  await client.delete(Node, { name }).catch(ignoreNotFound)
}
