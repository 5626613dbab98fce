/**
 * What happens in a simulated world, as data: it can be printed, replayed, and shrunk by leaving some of it out. Users'
 * wishes and faults stand in one list, each with its time.
 */
export type Operation = UserOperation | FaultOperation

export type UserOperation =
  | ({
      readonly kind: "create-deployment"
      readonly name: string
      readonly replicas: number
      /** Undefined: Recreate. */
      readonly rolling?: Rolling
    } & Placed)
  | ({
      readonly kind: "create-statefulset"
      readonly name: string
      readonly replicas: number
      readonly parallel: boolean
      /** Each replica has a volume; undefined: none has. */
      readonly claims?: ClaimRetention
    } & Placed)
  | ({ readonly kind: "create-daemonset"; readonly name: string; readonly rolling?: Rolling } & Placed)
  | ({
      readonly kind: "create-job"
      readonly name: string
      readonly completions: number
      readonly parallelism: number
      readonly indexed: boolean
      /** So many of its pods fail before the others succeed. */
      readonly failures: number
    } & Placed)
  | ({ readonly kind: "create-service"; readonly name: string; readonly app: string } & Placed)
  /** So many pods of the app must stay. */
  | ({
      readonly kind: "create-budget"
      readonly name: string
      readonly app: string
      readonly minAvailable: number
    } & Placed)
  | ({
      readonly kind: "scale"
      readonly workload: Scalable
      readonly name: string
      readonly replicas: number
    } & Placed)
  /** A new template: everything is replaced. */
  | ({
      readonly kind: "roll"
      readonly workload: Rollable
      readonly name: string
      readonly version: number
    } & Placed)
  | ({
      readonly kind: "delete"
      readonly workload: Rollable | "jobs"
      readonly name: string
      readonly foreground: boolean
    } & Placed)
  /** The pod at this place, counted round, among those there are. */
  | { readonly kind: "delete-pod"; readonly pick: number }
  /** The same, but asked nicely: a budget may refuse. */
  | { readonly kind: "evict"; readonly pick: number }
  | { readonly kind: "cordon"; readonly node: number; readonly unschedulable: boolean }
  /** Cordoned, and each of its pods asked to go until it does. */
  | { readonly kind: "drain"; readonly node: number }
  | { readonly kind: "create-namespace"; readonly name: string }
  /** With all that is in it. */
  | { readonly kind: "delete-namespace"; readonly name: string }

export interface Placed {
  /** The namespace. @default "default" */
  readonly in?: string
}

export interface Rolling {
  readonly maxSurge: number
  readonly maxUnavailable: number
}

export interface ClaimRetention {
  readonly whenDeleted: "Retain" | "Delete"
  readonly whenScaled: "Retain" | "Delete"
}

export type Scalable = "deployments" | "statefulsets"
export type Rollable = "deployments" | "statefulsets" | "daemonsets"

export type FaultOperation =
  /** It stops wherever it is, and starts again knowing nothing. */
  | { readonly kind: "restart"; readonly component: Component; readonly downMs: number }
  /** Nothing comes through to its kubelet or from it; its containers run on. */
  | { readonly kind: "lose-node"; readonly node: number; readonly forMs: number }
  /** The machine of the node starts again: its containers are gone. */
  | { readonly kind: "reboot-node"; readonly node: number }
  /** Wall-clock time is set; how long things take is not changed by it. */
  | { readonly kind: "jump-clock"; readonly byMs: number }

export const components = ["apiserver", "controller-manager", "scheduler"] as const
export type Component = (typeof components)[number]

export interface Step {
  readonly atMs: number
  readonly operation: Operation
}

/** Chances, 0 to 1, of what may happen to each request or watch event. */
export interface FaultRates {
  /** The request fails and nothing is done. */
  readonly refused: number
  /** It is done, but the answer is lost. */
  readonly answerLost: number
  /** A write is told that somebody else was faster. */
  readonly conflict: number
  /** It takes up to a second. */
  readonly slow: number
  /** The watch breaks after this event. */
  readonly watchLost: number
  /** The watch breaks, and what was missed can't be had: everything must be asked for again. */
  readonly watchExpired: number
  /** The event comes late, and so all behind it. */
  readonly watchSlow: number
}

/** A whole run. The same plan gives the same run, down to the last revision. */
export interface Plan {
  readonly seed: string
  readonly nodes: number
  readonly rates: FaultRates
  readonly steps: readonly Step[]
  /** How long there are steps and faults; then they stop, and everything must come to rest. */
  readonly stormMs: number
}

export function isFault({ kind }: Operation): boolean {
  return kind === "restart" || kind === "lose-node" || kind === "reboot-node" || kind === "jump-clock"
}

/** One line, for people. */
export function describeStep({ atMs, operation }: Step): string {
  const { kind, ...parts } = operation
  return `${(atMs / 1000).toFixed(1).padStart(6)} s  ${kind} ${JSON.stringify(parts)}`
}
