import type { Plugin } from "../framework.ts"
import { defaultPreemptionArgs } from "../preemption/plan-preemption.ts"
import type { Profile } from "../profile.ts"
import { type PluginKind, pluginKinds } from "./create-plugins.ts"
import type { PluginArgs } from "./plugin-args.ts"
import type { ExtensionPoint, PluginSet, Plugins } from "./scheduler-configuration.ts"

interface Enabled {
  readonly kind: PluginKind
  readonly weight: number
}

/**
 * The plugins of a profile at each extension point: the defaults, less what is disabled, and what is enabled, as upstream
 * merges them (https://kubernetes.io/docs/reference/scheduling/config/#multipoint). A plugin has one value for all points.
 */
export function buildProfile(
  schedulerName: string,
  plugins: Plugins,
  args: PluginArgs,
  percentageOfNodesToScore: number,
  ignoredResources: readonly string[],
): Profile {
  const made = new Map<string, Plugin>()
  const make = ({ kind }: Enabled): Plugin[] => {
    if (!kind.create) return []
    const plugin = made.get(kind.name) ?? kind.create(args, ignoredResources)
    made.set(kind.name, plugin)
    return [plugin]
  }
  const multiPoint = mergeSets(pluginKinds.map(toDefault), plugins.multiPoint)
  const at = (point: ExtensionPoint) => atPoint(multiPoint, plugins[point])
  const preempts = at("postFilter").some(({ kind }) => kind.name === "DefaultPreemption")
  const { minCandidateNodesPercentage, minCandidateNodesAbsolute } = {
    ...defaultPreemptionArgs,
    ...args.DefaultPreemption,
  }
  return {
    schedulerName,
    gates: at("preEnqueue")
      .flatMap(make)
      .filter(({ gate }) => gate),
    filters: at("filter")
      .flatMap(make)
      .filter(({ filter }) => filter),
    scorers: at("score").flatMap((enabled) =>
      make(enabled)
        .filter(({ score }) => score)
        .map((plugin) => ({ plugin, weight: enabled.weight || 1 })),
    ),
    reservers: at("reserve")
      .flatMap(make)
      .filter(({ reserve }) => reserve),
    relievers: at("postFilter")
      .flatMap(make)
      .filter(({ relieve }) => relieve),
    preemption: preempts ? { minCandidateNodesPercentage, minCandidateNodesAbsolute } : undefined,
    percentageOfNodesToScore,
  }
}

function toDefault(kind: PluginKind): Enabled {
  return { kind, weight: kind.weight }
}

/** What is named keeps its place and gets the weight it is given; what is new comes last. */
function mergeSets(defaults: readonly Enabled[], custom: PluginSet | undefined): Enabled[] {
  const disabled = new Set((custom?.disabled ?? []).map(({ name }) => name))
  const enabled = new Map((custom?.enabled ?? []).map((entry) => [entry.name, entry]))
  const kept = disabled.has("*") ? [] : defaults.filter(({ kind }) => !disabled.has(kind.name))
  const replaced = kept.map((each) => {
    const entry = enabled.get(each.kind.name)
    enabled.delete(each.kind.name)
    return entry ? { ...each, weight: entry.weight ?? each.weight } : each
  })
  const added = Array.from(enabled.values(), ({ name, weight }) => {
    const kind = pluginKinds.find((each) => each.name === name)!
    return { kind, weight: weight ?? kind.weight }
  })
  return [...replaced, ...added]
}

/** Those named for the point itself come first, in their order. */
function atPoint(multiPoint: readonly Enabled[], custom: PluginSet | undefined): Enabled[] {
  const own = mergeSets([], custom && { enabled: custom.enabled ?? [] })
  const names = new Set(own.map(({ kind }) => kind.name))
  const disabled = new Set((custom?.disabled ?? []).map(({ name }) => name))
  const others = disabled.has("*")
    ? []
    : multiPoint.filter(({ kind }) => !disabled.has(kind.name) && !names.has(kind.name))
  return [...own, ...others]
}
