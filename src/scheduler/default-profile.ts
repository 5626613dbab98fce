import { buildProfile } from "./configuration/build-profile.ts"
import type { Profile } from "./profile.ts"

/** What the scheduler does unless configured otherwise: upstream's default plugins, in their order and with their weights. */
export function defaultProfile(schedulerName = "default-scheduler"): Profile {
  return buildProfile(schedulerName, {}, {}, 0, [])
}
