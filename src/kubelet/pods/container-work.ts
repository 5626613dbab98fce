import type { ContainerWork, PodState } from "./pod-state.ts"
import { withoutContainers } from "./runtime-pod.ts"

export function withWork(state: PodState, name: string, work: ContainerWork): PodState {
  return { ...state, containers: { ...state.containers, [name]: work } }
}

export function withoutWork(state: PodState, name: string): PodState {
  const { [name]: _, ...containers } = state.containers
  return { ...state, containers }
}

/** The containers are gone, or as good as gone: one that could not be removed shows up again when the runtime is asked. */
export function forgetContainers(state: PodState, ids: readonly string[]): PodState {
  const probes = Object.fromEntries(Object.entries(state.probes).filter(([id]) => !ids.includes(id)))
  return { ...state, probes, runtime: withoutContainers(state.runtime, ids) }
}

/** In a new sandbox what failed in the old one is tried again at once. */
export function withoutFailures(state: PodState): PodState {
  const works = Object.entries(state.containers).filter(([, work]) => work.kind !== "failed")
  return { ...state, containers: Object.fromEntries(works) }
}
