import { describe, expect, test } from "vitest"
import type { Profile } from "../profile.ts"
import { loadConfiguration } from "./load-configuration.ts"

function load(fields: string) {
  const head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
  return loadConfiguration(head + fields, "config.yaml", () => async () => ({}))
}

const profilesOf = (fields: string): readonly Profile[] => load(fields).options.profiles!
const scoring = ({ scorers }: Profile) => scorers.map(({ plugin, weight }) => `${plugin.name} ${weight}`)
const filtering = ({ filters }: Profile) => filters.map(({ name }) => name)

describe("a scheduler's configuration", () => {
  test("that says nothing is the default", () => {
    const { options, warnings } = load("")
    expect(options.profiles!.map(({ schedulerName }) => schedulerName)).toEqual(["default-scheduler"])
    expect(scoring(options.profiles![0]!)).toEqual([
      "TaintToleration 3",
      "NodeAffinity 2",
      "NodeResourcesFit 1",
      "PodTopologySpread 2",
      "InterPodAffinity 2",
      "DynamicResources 2",
      "NodeResourcesBalancedAllocation 1",
      "ImageLocality 1",
    ])
    expect(options.profiles![0]!.preemption).toEqual({
      minCandidateNodesPercentage: 10,
      minCandidateNodesAbsolute: 100,
    })
    expect(options).toMatchObject({ initialBackoffMs: 1000, maxBackoffMs: 10_000, extenders: [] })
    expect(warnings).toEqual([])
  })

  test("disables and enables plugins for one point or for all", () => {
    const [profile] = profilesOf(`
profiles:
- schedulerName: other
  percentageOfNodesToScore: 40
  plugins:
    multiPoint:
      disabled: [{name: DefaultPreemption}, {name: VolumeZone}]
      enabled: [{name: ImageLocality, weight: 7}]
    score:
      disabled: [{name: "*"}]
      enabled: [{name: NodeResourcesFit, weight: 5}]
`)
    expect(scoring(profile!)).toEqual(["NodeResourcesFit 5"])
    expect(filtering(profile!)).toContain("NodeResourcesFit")
    expect(filtering(profile!)).not.toContain("VolumeZone")
    expect(profile).toMatchObject({ preemption: undefined, percentageOfNodesToScore: 40 })
  })

  test.each([
    ["parallelism: 0", "parallelism: Invalid value: 0: should be an integer value greater than zero"],
    [
      "percentageOfNodesToScore: 101",
      "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]",
    ],
    [
      "podInitialBackoffSeconds: 5\npodMaxBackoffSeconds: 2",
      "podMaxBackoffSeconds: Invalid value: 2: must be greater than or equal to PodInitialBackoffSeconds",
    ],
    [
      "profiles: [{schedulerName: a}, {schedulerName: a}]",
      'profiles[1].schedulerName: Duplicate value: "profiles[0].schedulerName"',
    ],
    [
      "extenders: [{urlPrefix: http://x, prioritizeVerb: p}]",
      "extenders[0].weight: Invalid value: 0: must have a positive weight applied to it",
    ],
    [
      "profiles: [{pluginConfig: [{name: VolumeBinding, args: {bindTimeoutSeconds: -1}}]}]",
      "Invalid value: -1: invalid BindTimeoutSeconds, should not be a negative value",
    ],
    [
      "profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: Odd}}}]}]",
      'Unsupported value: "Odd": supported values: "LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"',
    ],
    ["profiles: [{plugins: {filter: {enabled: [{name: Odd}]}}}]", 'plugin "Odd" does not exist'],
    [
      "profiles: [{pluginConfig: [{name: DynamicResources, args: {bindingTimeout: 100ms}}]}]",
      "must be at least 1 second",
    ],
    [
      "profiles: [{pluginConfig: [{name: DynamicResources, args: {filterTimeout: -1s}}]}]",
      "must be zero or positive",
    ],
    ["profils: []", 'strict decoding error: unknown field "profils"'],
    [
      "profiles: [{pluginConfig: [{name: InterPodAffinity, args: {weight: 1}}]}]",
      'strict decoding error: unknown field "weight"',
    ],
  ])("%s is refused", (fields, problem) => {
    expect(() => load(fields)).toThrow(problem)
  })

  test("says what it can't do", () => {
    expect(load("parallelism: 4").warnings).toEqual([
      "parallelism is without effect: nodes are looked at by one thread",
    ])
  })
})
