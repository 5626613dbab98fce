import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Client } from "../client/client.ts"
import type { Informers } from "../client/informers.ts"
import { runControllers } from "../client/run-controllers.ts"
import { createLocalProvisionerController, type DirectoriesOf } from "./local-provisioner-controller.ts"

export interface LocalProvisionerOptions {
  readonly directoriesOf: DirectoriesOf
  readonly client: Client
  /** Started by the caller, after `run`. */
  readonly informers: Informers
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** The share that the nodes of this process have in the default storage class. `run` goes on until `signal` aborts. */
export function createLocalProvisioner(options: LocalProvisionerOptions): {
  run(signal: AbortSignal): Promise<void>
} {
  const controllers = [createLocalProvisionerController(options.directoriesOf)]
  return { run: (signal) => runControllers({ ...options, controllers, signal }) }
}
