import type { Selector } from "../apimachinery/labels.ts"
import { matchesLabels } from "../apimachinery/labels.ts"
import type { PodInfo } from "./pod-info.ts"
import { isExact } from "./topology-counts.ts"

/**
 * The pods on nodes by namespace and label, so that "all pods that match this selector" costs what the answer costs and
 * not what the cluster holds.
 */
export class PodIndex {
  readonly #byNamespace = new Map<string, Map<string, PodOnNode>>()
  readonly #byLabel = new Map<string, Map<string, PodOnNode>>()
  readonly #byClaim = new Map<string, Map<string, PodOnNode>>()
  readonly #entries = new Map<string, Entry>()

  add(info: PodInfo, nodeName: string): void {
    const entry = { info, nodeName }
    this.#entries.set(info.uid, entry)
    for (const key of claimsOf(info)) put(this.#byClaim, key, info.uid, entry)
    for (const key of keysOf(info)) put(this.#byLabel, key, info.uid, entry)
    put(this.#byNamespace, info.pod.metadata.namespace ?? "", info.uid, entry)
  }

  /** The pod has changed, but nothing by which it is found. */
  replace(info: PodInfo): void {
    this.#entries.get(info.uid)!.info = info
  }

  remove(info: PodInfo): void {
    this.#entries.delete(info.uid)
    for (const key of claimsOf(info)) take(this.#byClaim, key, info.uid)
    for (const key of keysOf(info)) take(this.#byLabel, key, info.uid)
    take(this.#byNamespace, info.pod.metadata.namespace ?? "", info.uid)
  }

  /** The pods that use a claim: "namespace/name". */
  usersOf(claim: string): Iterable<PodOnNode> {
    return this.#byClaim.get(claim)?.values() ?? []
  }

  /** Calls back for every pod of these namespaces that the selector matches. `undefined` namespaces: all. */
  forEachMatch(
    namespaces: ReadonlySet<string> | undefined,
    selector: Selector,
    callback: (entry: PodOnNode) => void,
  ): void {
    if (selector.nothing) return
    const exact = selector.requirements.find(isExact)
    for (const namespace of namespaces ?? this.#byNamespace.keys()) {
      const candidates = exact
        ? this.#byLabel.get(labelKey(namespace, exact.key, exact.values[0]!))
        : this.#byNamespace.get(namespace)
      for (const entry of candidates?.values() ?? []) {
        if (matchesLabels(selector, entry.info.pod.metadata.labels)) callback(entry)
      }
    }
  }
}

export interface PodOnNode {
  readonly info: PodInfo
  readonly nodeName: string
}

interface Entry extends PodOnNode {
  info: PodInfo
}

function* keysOf({ pod }: PodInfo): Iterable<string> {
  for (const [key, value] of Object.entries(pod.metadata.labels ?? {})) {
    yield labelKey(pod.metadata.namespace ?? "", key, value)
  }
}

function claimsOf({ pod, claimNames }: PodInfo): string[] {
  return claimNames.map((name) => `${pod.metadata.namespace ?? ""}/${name}`)
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\0${key}\0${value}`
}

function put(index: Map<string, Map<string, PodOnNode>>, key: string, uid: string, entry: PodOnNode): void {
  const entries = index.get(key)
  if (entries) entries.set(uid, entry)
  else index.set(key, new Map([[uid, entry]]))
}

function take(index: Map<string, Map<string, PodOnNode>>, key: string, uid: string): void {
  const entries = index.get(key)
  entries?.delete(uid)
  if (entries?.size === 0) index.delete(key)
}
