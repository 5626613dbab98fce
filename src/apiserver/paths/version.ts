import { type BuildInfo, thisBuild } from "../../apimachinery/build-info.ts"

/** What `kubectl version` shows. */
export interface VersionInfo extends BuildInfo {
  /** The version whose behaviour is shown, and the oldest that may stand beside it. */
  readonly emulationMajor: string
  readonly emulationMinor: string
  readonly minCompatibilityMajor: string
  readonly minCompatibilityMinor: string
}

const { major, minor, ...rest } = thisBuild

/** The level of the API; what else is told identifies this program. */
export const apiLevel: VersionInfo = {
  major,
  minor,
  emulationMajor: "1",
  emulationMinor: "36",
  minCompatibilityMajor: "1",
  minCompatibilityMinor: "35",
  ...rest,
}
