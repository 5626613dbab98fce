import type { Node } from "../../api/core/v1/node.ts"
import { joinBytes } from "../../base/join-bytes.ts"
import type { ApiRequest, Transport } from "../../client/transport.ts"
import { HttpProblem } from "../../kubelet/server/http-problem.ts"
import type { NodeRoute } from "../../kubelet/server/serve-kubelet.ts"
import type { VolumeDirectories } from "../../local-provisioner/volume-directories.ts"

/**
 * Volumes of the default storage class on nodes that are processes of their own: the control plane asks the node for the
 * directory at the kubelet's port, where it is let in already. So no node needs the right to make persistent volumes.
 */

/** By this a node says that it can be asked. */
const annotation = "coracle.dev/local-volumes"

export const offersVolumes = { [annotation]: "true" }

const path = "coracle-volumes"

/** The node's side: `POST /coracle-volumes/NAME` makes a directory, `DELETE /coracle-volumes?path=PATH` deletes one. */
export function volumeRoute(directories: VolumeDirectories): NodeRoute {
  return {
    name: path,
    async answer(method, [name = ""], query) {
      if (method === "POST" && name) return { path: await directories.create(name) }
      const removed = query.get("path")
      if (method !== "DELETE" || !removed) throw new HttpProblem(405, "Method Not Allowed")
      await directories.remove(removed)
      return {}
    },
  }
}

/** The control plane's side; undefined for nodes that cannot be asked. `transport` is of somebody who may use their proxy. */
export function remoteVolumeDirectories(transport: Transport, node: Node): VolumeDirectories | undefined {
  if (node.metadata.annotations?.[annotation] !== "true") return undefined
  const base = `/api/v1/nodes/${node.metadata.name}/proxy/${path}`
  return {
    async create(name) {
      const answer = await ask(transport, { method: "POST", path: `${base}/${encodeURIComponent(name)}` })
      return (JSON.parse(answer) as { path: string }).path
    },
    async remove(directory) {
      await ask(transport, { method: "DELETE", path: base, query: { path: directory } })
    },
  }
}

/** What a node answers comes through the API server as it is: bytes. */
async function ask(transport: Transport, request: ApiRequest): Promise<string> {
  const pieces: Uint8Array[] = []
  for await (const piece of await transport.stream(request)) pieces.push(piece)
  return new TextDecoder().decode(joinBytes(pieces))
}
