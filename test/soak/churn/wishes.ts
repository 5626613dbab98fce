// What the soak wants to be there: the cluster has to follow.

export type WorkloadKind = "Deployment" | "StatefulSet" | "DaemonSet"

export interface Workload {
  readonly kind: WorkloadKind
  readonly namespace: string
  readonly name: string
  readonly replicas: number
  /** In the pods' environment: another one makes a rollout. */
  readonly version: number
}

export interface JobWish {
  readonly namespace: string
  readonly name: string
  readonly completions: number
}

/** A pod that ends again and again: there, and restarted, is all that is asked of it. */
export interface CrashingPod {
  readonly namespace: string
  readonly name: string
}

export class Wishes {
  readonly namespaces = new Set<string>()
  readonly workloads = new Map<string, Workload>()
  readonly jobs = new Map<string, JobWish>()
  readonly crashing = new Map<string, CrashingPod>()
  /** Namespaces whose pods nobody may reach. */
  readonly isolated = new Set<string>()
  #count = 0

  /** A name that was never used before. */
  name(prefix: string): string {
    return `${prefix}-${this.#count++}`
  }

  set(workload: Workload): Workload {
    this.workloads.set(`${workload.namespace}/${workload.name}`, workload)
    return workload
  }

  remove({ namespace, name }: { readonly namespace: string; readonly name: string }): void {
    const key = `${namespace}/${name}`
    this.workloads.delete(key)
    this.jobs.delete(key)
    this.crashing.delete(key)
  }

  removeNamespace(namespace: string): void {
    this.namespaces.delete(namespace)
    this.isolated.delete(namespace)
    for (const each of [...this.workloads.values(), ...this.jobs.values(), ...this.crashing.values()])
      if (each.namespace === namespace) this.remove(each)
  }

  /** About how many pods all of it is. */
  pods(nodes: number): number {
    let count = this.crashing.size + this.jobs.size * 2
    for (const { kind, replicas } of this.workloads.values()) count += kind === "DaemonSet" ? nodes : replicas
    return count
  }
}
