import type { Container } from "../../../api/core/v1/container.ts"
import type { PodSpec } from "../../../api/core/v1/pod.ts"

/** What a standard looks at: a pod, or the template of one. */
export interface PodLike {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> | undefined } | undefined
  readonly spec: PodSpec
}

/** Why a pod does not meet a standard: "hostPort", `container "a" uses hostPort 80`. */
export interface Violation {
  readonly reason: string
  readonly detail: string
}

/** One rule of the Pod Security Standards, as it is since a minor version and until the rule's next entry. */
export interface Control {
  /** Rules are judged in this order, those of "baseline" first. */
  readonly id: string
  readonly since: number
  /** The rule of the level below that this one has in it. */
  readonly replaces?: string
  readonly check: (pod: PodLike) => Violation | undefined
}

export type SecurityContext = NonNullable<Container["securityContext"]>

export function containersOf({ spec }: PodLike): Container[] {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec
  return [...initContainers, ...containers, ...(ephemeralContainers as readonly Container[])]
}

/** The names of the containers for which the test holds. */
export function offenders(pod: PodLike, test: (container: Container) => boolean): string[] {
  return containersOf(pod)
    .filter(test)
    .map(({ name }) => name)
}

export function isWindows({ spec }: PodLike): boolean {
  return spec.os?.name === "windows"
}

/** Root in there is nobody out here. */
export function hasOwnUsers({ spec }: PodLike): boolean {
  return spec.hostUsers === false
}

export function quote(items: Iterable<string>): string {
  return [...items].map((item) => `"${item}"`).join(", ")
}

/** Each once, in order. */
export function distinct(items: Iterable<string>): string[] {
  return [...new Set(items)].toSorted()
}

export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}

/** `container "a"`, `containers "a", "b"` */
export function named(noun: string, names: readonly string[]): string {
  return `${plural(names.length, noun)} ${quote(names)}`
}

/** `pod and containers "a", "b"`; undefined for nobody. */
export function setters(
  pod: boolean,
  containers: readonly string[],
  more: readonly string[] = [],
): string | undefined {
  const all = [
    ...(pod ? ["pod"] : []),
    ...(containers.length > 0 ? [named("container", containers)] : []),
    ...more,
  ]
  return all.length > 0 ? all.join(" and ") : undefined
}
