import type { Clock } from "../../base/clock.ts"
import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { takeDown } from "../../base/take-down.ts"
import { RealCgroups } from "./cgroups.ts"
import { unmountBelow } from "./volumes/mounts.ts"

/** Removes what the kubelet of a crashed process left on the machine. Its pods must have been stopped. */
export async function cleanUpKubelet(options: {
  readonly rootDirectory: string
  readonly cgroupParent: string
  readonly commands: Commands
  readonly clock: Clock
  readonly log: Logger
}): Promise<void> {
  const { rootDirectory, cgroupParent: parent, commands } = options
  await takeDown([
    ["unmount volumes", () => unmountBelow(rootDirectory, commands)],
    ["remove control groups", () => new RealCgroups({ ...options, parent }).close()],
  ])
}
