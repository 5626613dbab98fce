import type { PodEffect, PodState, Step } from "./pod-state.ts"

/** A step while it is being planned: the state as it will be, the effects in order, the earliest time to look again. */
export class StepDraft {
  state: PodState
  readonly #effects: PodEffect[] = []
  #wakeAtMs: number | undefined

  constructor(state: PodState) {
    this.state = state
  }

  effect(effect: PodEffect): void {
    this.#effects.push(effect)
  }

  change(part: Partial<PodState>): void {
    this.state = { ...this.state, ...part }
  }

  wakeAt(atMs: number): void {
    this.#wakeAtMs = Math.min(this.#wakeAtMs ?? Number.POSITIVE_INFINITY, atMs)
  }

  finish(): Step {
    return {
      state: this.state,
      effects: this.#effects,
      ...(this.#wakeAtMs !== undefined && { wakeAtMs: this.#wakeAtMs }),
    }
  }
}
