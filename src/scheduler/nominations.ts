import type { PodInfo } from "./pod-info.ts"

const none: readonly PodInfo[] = []

/** Which pods were promised room on which node by preemption, until they are placed, there or elsewhere. */
export class Nominations {
  /** Each list is replaced when it changes, so that whoever kept one can see whether it still holds. */
  readonly #byNode = new Map<string, readonly PodInfo[]>()
  readonly #nodeOf = new Map<string, string>()
  /** How many want certain pods away from themselves. */
  repelling = 0

  get size(): number {
    return this.#nodeOf.size
  }

  /** The same list as long as nothing has changed. */
  on(nodeName: string): readonly PodInfo[] {
    return this.#byNode.get(nodeName) ?? none
  }

  set(info: PodInfo, nodeName: string): void {
    this.delete(info.uid)
    this.#nodeOf.set(info.uid, nodeName)
    this.#byNode.set(nodeName, [...this.on(nodeName), info])
    if (repels(info)) this.repelling++
  }

  /** What the API says of a waiting pod: after a restart it is all that is known. */
  follow(info: PodInfo): void {
    const nodeName = info.pod.status.nominatedNodeName ?? this.#nodeOf.get(info.uid)
    if (nodeName) this.set(info, nodeName)
  }

  delete(uid: string): void {
    const nodeName = this.#nodeOf.get(uid)
    if (nodeName === undefined) return
    this.#nodeOf.delete(uid)
    const before = this.on(nodeName)
    if (before.some((info) => info.uid === uid && repels(info))) this.repelling--
    const left = before.filter((info) => info.uid !== uid)
    if (left.length > 0) this.#byNode.set(nodeName, left)
    else this.#byNode.delete(nodeName)
  }
}

function repels({ pod }: PodInfo): boolean {
  return pod.spec.affinity?.podAntiAffinity !== undefined
}
