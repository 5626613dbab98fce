import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Node } from "../../api/core/v1/node.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { cleanUpNode } from "../clean-up.ts"
import { selfUser } from "../identities.ts"
import type { NodePlan } from "./plan-nodes.ts"
import type { NodesParts } from "./start-nodes.ts"

/**
 * A cluster that is started with other nodes than the last time loses those that it has no more, here and in the API: their
 * pods are made again elsewhere instead of waiting for a node that never comes back.
 */
export async function forgetNodesBut(plan: NodePlan, parts: NodesParts): Promise<void> {
  const { directory } = parts
  const kept = new Set([...plan.real, ...plan.onLink])
  const root = join(directory.path, "nodes")
  const gone = existsSync(root) ? readdirSync(root).filter((name) => !kept.has(name)) : []
  for (const name of gone) await forgetNode(name, parts)
}

/** Removes all that there is of a node that does not run. */
export async function forgetNode(name: string, parts: NodesParts): Promise<void> {
  const { directory, networks, controlPlane } = parts
  await cleanUpNode(directory, name, networks)
  rmSync(directory.nodeDirectory(name), { recursive: true, force: true })
  const client = (await controlPlane).clientFor(selfUser)
  await client.delete(Node, { name }).catch(ignoreNotFound)
}
