import type { Random } from "../base/random.ts"
import { NodeFinder, type WeightedPlugin } from "./find-node.ts"
import type { Plugin } from "./framework.ts"
import { KnownVictims } from "./preemption/known-victims.ts"
import type { Probe } from "./probe.ts"
import type { PreemptionArgs } from "./preemption/plan-preemption.ts"

/** One way to schedule: which plugins take part where. Pods choose theirs by `schedulerName`. */
export interface Profile {
  readonly schedulerName: string
  readonly gates: readonly Plugin[]
  readonly filters: readonly Plugin[]
  readonly scorers: readonly WeightedPlugin[]
  readonly reservers: readonly Plugin[]
  /** Those that can do something about it when no node fits. */
  readonly relievers: readonly Plugin[]
  /** Undefined: nobody is asked to go. */
  readonly preemption: PreemptionArgs | undefined
  /** 0 adapts it to the size of the cluster. */
  readonly percentageOfNodesToScore: number
}

/** A profile at work. */
export interface RunningProfile extends Profile {
  readonly finder: NodeFinder
  readonly probe: Probe
  readonly knownVictims: KnownVictims
  /** All of them, each once. */
  readonly plugins: ReadonlySet<Plugin>
}

export function runProfile(profile: Profile, random: Random, probe: Probe): RunningProfile {
  const { gates, filters, scorers, reservers, relievers } = profile
  const scoring = scorers.map(({ plugin }) => plugin)
  return {
    ...profile,
    finder: new NodeFinder({ ...profile, random, probe }),
    probe,
    knownVictims: new KnownVictims(),
    plugins: new Set([...gates, ...filters, ...scoring, ...reservers, ...relievers]),
  }
}
