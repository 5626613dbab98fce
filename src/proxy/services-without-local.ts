import type { IpFamily } from "../base/ip-address.ts"
import type { Frontend } from "./model/plan-service.ts"
import type { WithoutLocal } from "./serving/proxy-metrics.ts"

/** Ports of Services that would be served elsewhere, while their traffic may not leave this node. */
export class ServicesWithoutLocal {
  readonly #dropping = new Map<string, readonly Frontend[]>()

  update(owner: string, frontends: readonly Frontend[]): void {
    const dropping = frontends.filter(({ route }) => route.to === "drop")
    if (dropping.length > 0) this.#dropping.set(owner, dropping)
    else this.#dropping.delete(owner)
  }

  counts(families: readonly IpFamily[]): WithoutLocal[] {
    const all = Array.from(this.#dropping.values())
    return families.flatMap((family) => {
      const ofFamily = all.map((each) => each.filter((frontend) => frontend.family === family))
      return [
        { policy: "internal", family: `IPv${family}`, count: sum(ofFamily.map(countInternal)) },
        { policy: "external", family: `IPv${family}`, count: sum(ofFamily.map(countExternal)) },
      ] as const
    })
  }
}

function countInternal(frontends: readonly Frontend[]): number {
  return frontends.filter(({ kind }) => kind === "cluster-ip").length
}

/** A port counts once at however many addresses it is. */
function countExternal(frontends: readonly Frontend[]): number {
  const ports = (isNodePort: boolean) =>
    new Set(
      frontends
        .filter(({ kind }) => kind !== "cluster-ip" && (kind === "node-port") === isNodePort)
        .map(({ protocol, port }) => `${protocol} ${port}`),
    ).size
  return Math.max(ports(true), ports(false))
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
