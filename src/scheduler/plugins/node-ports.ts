import { collide, type HostPort } from "../../api/core/v1/host-ports.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { hint, type Plugin, resolvable } from "../framework.ts"
import { podInfo } from "../pod-info.ts"
import type { NodeInfo } from "../node-info.ts"

const taken = resolvable("node(s) didn't have free ports for the requested pod ports")

/** Two pods can't listen on the same port of the host. */
export const nodePorts: Plugin = {
  name: "NodePorts",
  filter: ({ hostPorts }) =>
    hostPorts.length === 0
      ? undefined
      : {
          isLocal: true,
          check: (node) => (hostPorts.some((port) => conflicts(node, port)) ? taken : undefined),
        },
  hints: [
    hint(Pod, "delete", {
      concerns: (_current, gone) => podInfo(gone!).hostPorts.length > 0,
      mayHelp: ({ hostPorts }, _current, gone) =>
        podInfo(gone!).hostPorts.some((freed) => hostPorts.some((wanted) => collide(wanted, freed))),
    }),
    hint(Node, "add"),
  ],
}

function conflicts({ hostPorts }: NodeInfo, wanted: HostPort): boolean {
  const { protocol, port } = wanted
  const holders = hostPorts.get(`${protocol}/${port}`)
  return holders?.some((address) => collide({ protocol, port, address }, wanted)) ?? false
}
