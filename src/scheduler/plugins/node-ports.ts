import type { HostPort } from "../../api/core/v1/host-ports.ts"
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
        podInfo(gone!).hostPorts.some((freed) => hostPorts.some((wanted) => isSame(wanted, freed))),
    }),
    hint(Node, "add"),
  ],
}

function conflicts({ hostPorts }: NodeInfo, { protocol, port, address }: HostPort): boolean {
  return hostPorts.get(`${protocol}/${port}`)?.some((holder) => overlaps(holder, address)) ?? false
}

function isSame(a: HostPort, b: HostPort): boolean {
  return a.protocol === b.protocol && a.port === b.port && overlaps(a.address, b.address)
}

function overlaps(a: string, b: string): boolean {
  return a === b || a === "0.0.0.0" || b === "0.0.0.0"
}
