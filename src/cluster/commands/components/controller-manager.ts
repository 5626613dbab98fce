import { createControllerManager } from "../../../controller-manager/create-controller-manager.ts"
import { usualNetworks } from "../../networks.ts"
import { type ConnectedParts, runConnected } from "./connect.ts"

export function controllerManager(argv: readonly string[]): Promise<number> {
  return runConnected("controller-manager", argv, run)
}

async function run({ identity, signal, ...parts }: ConnectedParts): Promise<void> {
  const manager = createControllerManager({
    ...parts,
    nodeIpam: { clusterCidrs: [usualNetworks.pods] },
    ...(identity !== undefined && { leaderElection: { identity } }),
  })
  await manager.run(signal)
}
