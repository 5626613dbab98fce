import type { Clock } from "../../../base/clock.ts"
import type { PluginHandler } from "../plugins/plugin-watcher.ts"
import type { PluginInfo } from "../plugins/registration-messages.ts"
import { type CsiDriver, createCsiDriver } from "./csi-driver.ts"
import type { CsiNodeObject } from "./csi-node-object.ts"

export interface CsiDriversOptions {
  /** The kubelet's directory. */
  readonly root: string
  readonly clock: Clock
  readonly nodeObject: CsiNodeObject
  /** A driver has come. */
  readonly registered: (name: string) => Promise<void>
  /** A driver has gone. */
  readonly unregistered?: (name: string) => void
}

interface Registered {
  readonly driver: CsiDriver
  readonly endpoint: string
  readonly version: Version
}

/** The CSI drivers of this node, by name. */
export class CsiDrivers implements PluginHandler {
  readonly #options: CsiDriversOptions
  readonly #registered = new Map<string, Registered>()

  constructor(options: CsiDriversOptions) {
    this.#options = options
  }

  /** Throws, in upstream's words, when there is no such driver. */
  get(name: string): CsiDriver {
    const found = this.#registered.get(name)
    if (found) return found.driver
    throw new Error(`driver name ${name} not found in the list of registered CSI drivers`)
  }

  /** Asks a driver anew how many volumes the node can have, and tells of it. */
  async refresh(name: string): Promise<void> {
    await this.#options.nodeObject.update(name, await this.get(name).getInfo())
  }

  validate({ name, endpoint, supportedVersions }: PluginInfo): void {
    try {
      const version = highestVersion(name, supportedVersions)
      const present = this.#registered.get(name)
      if (present && compareVersions(present.version, version) >= 0 && present.endpoint !== endpoint)
        throw new Error(
          `for CSI driver "${name}" failed. Another driver with the same name is already registered with a higher supported version: "${present.version.join(".")}"`,
        )
    } catch (error) {
      throw new Error(
        `validation failed for CSI Driver ${name} at endpoint ${endpoint}: kubernetes.io/csi: ValidatePlugin ${(error as Error).message}`,
        { cause: error },
      )
    }
  }

  async register({ name, endpoint, supportedVersions }: PluginInfo): Promise<void> {
    const driver = createCsiDriver({ ...this.#options, name, endpoint })
    const info = await driver.getInfo()
    await this.#options.nodeObject.install(name, info)
    this.#registered.set(name, { driver, endpoint, version: highestVersion(name, supportedVersions) })
    void this.#options.registered(name)
  }

  async unregister({ name, endpoint }: PluginInfo): Promise<void> {
    // Another may have taken its place already.
    if (this.#registered.get(name)?.endpoint !== endpoint) return
    this.#registered.delete(name)
    this.#options.unregistered?.(name)
    await this.#options.nodeObject.uninstall(name)
  }
}

type Version = readonly [major: number, minor: number, patch: number]

/** Of the versions that we speak: all 1.x. */
function highestVersion(name: string, versions: readonly string[]): Version {
  if (versions.length === 0)
    throw new Error(`for CSI driver "${name}" failed. Plugin returned an empty list for supported versions`)
  const known = versions.flatMap((text) => {
    const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text)
    return match ? [[Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] as const] : []
  })
  const [highest] = known.filter(([major]) => major === 1).sort((a, b) => compareVersions(b, a))
  if (highest) return highest
  const list = `[${versions.map((version) => `"${version}"`).join(" ")}]`
  throw new Error(
    `for CSI driver "${name}" failed. None of the versions specified ${list} are supported. err=no supported version found`,
  )
}

function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}
