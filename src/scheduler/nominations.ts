import type { PodInfo } from "./pod-info.ts"

const none: readonly PodInfo[] = []

/** Which pods were promised room on which node by preemption, until they are placed, there or elsewhere. */
export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>()
  readonly #nodeOf = new Map<string, string>()

  get size(): number {
    return this.#nodeOf.size
  }

  on(nodeName: string): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName)
    return pods ? Array.from(pods.values()) : none
  }

  set(info: PodInfo, nodeName: string): void {
    this.delete(info.uid)
    this.#nodeOf.set(info.uid, nodeName)
    const pods = this.#byNode.get(nodeName) ?? new Map<string, PodInfo>()
    this.#byNode.set(nodeName, pods.set(info.uid, info))
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
    const pods = this.#byNode.get(nodeName)
    pods?.delete(uid)
    if (pods?.size === 0) this.#byNode.delete(nodeName)
  }
}
