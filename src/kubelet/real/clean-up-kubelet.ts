import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { RealCgroups } from "./cgroups.ts"
import { unmountBelow } from "./volumes/mounts.ts"

/** Removes what the kubelet of a crashed process left on the machine. Its pods must have been stopped. */
export async function cleanUpKubelet(options: {
  readonly rootDirectory: string
  readonly cgroupParent: string
  readonly commands: Commands
  readonly log: Logger
}): Promise<void> {
  await unmountBelow(options.rootDirectory, options.commands)
  await new RealCgroups({ parent: options.cgroupParent, log: options.log }).close()
}
