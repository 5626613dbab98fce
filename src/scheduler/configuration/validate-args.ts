import { parseDuration } from "../../apimachinery/duration.ts"
import {
  duplicateValue,
  type FieldError,
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import type { PluginArgs } from "./plugin-args.ts"

type Errors = FieldError[]
type Fit = NonNullable<PluginArgs["NodeResourcesFit"]>
type Resources = NonNullable<NonNullable<Fit["scoringStrategy"]>["resources"]>
type Shape = NonNullable<NonNullable<PluginArgs["VolumeBinding"]>["shape"]>

const strategies = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"]

/** In the words of upstream's validation. `path` is that of the args. */
export function validateArgs(args: PluginArgs, path: string): Errors {
  return [
    ...(args.DefaultPreemption ? validatePreemption(args.DefaultPreemption, path) : []),
    ...(args.InterPodAffinity ? validateInterPodAffinity(args.InterPodAffinity, path) : []),
    ...(args.NodeResourcesBalancedAllocation
      ? validateBalanced(args.NodeResourcesBalancedAllocation.resources ?? [], path)
      : []),
    ...(args.NodeResourcesFit ? validateFit(args.NodeResourcesFit, path) : []),
    ...(args.PodTopologySpread ? validateSpread(args.PodTopologySpread, path) : []),
    ...(args.VolumeBinding ? validateVolumeBinding(args.VolumeBinding, path) : []),
    ...(args.DynamicResources ? validateDynamicResources(args.DynamicResources, path) : []),
  ]
}

function validatePreemption(args: NonNullable<PluginArgs["DefaultPreemption"]>, path: string): Errors {
  const { minCandidateNodesPercentage: percentage = 10, minCandidateNodesAbsolute: absolute = 100 } = args
  const at = (name: string) => `${path}.minCandidateNodes${name}`
  const errors: Errors = []
  if (percentage < 0 || percentage > 100)
    errors.push(invalidValue(at("Percentage"), percentage, "not in valid range [0, 100]"))
  if (absolute < 0) errors.push(invalidValue(at("Absolute"), absolute, "not in valid range [0, inf)"))
  if (percentage === 0 && absolute === 0) {
    const same = "cannot be zero at the same time as minCandidateNodes"
    errors.push(
      invalidValue(at("Percentage"), 0, `${same}Absolute`),
      invalidValue(at("Absolute"), 0, `${same}Percentage`),
    )
  }
  return errors
}

function validateDynamicResources(args: NonNullable<PluginArgs["DynamicResources"]>, path: string): Errors {
  const { filterTimeout, bindingTimeout } = args
  const errors: Errors = []
  if (filterTimeout && parseDuration(filterTimeout) < 0)
    errors.push(invalidValue(`${path}.filterTimeout`, filterTimeout, "must be zero or positive"))
  if (bindingTimeout && parseDuration(bindingTimeout) < 1000)
    errors.push(invalidValue(`${path}.bindingTimeout`, bindingTimeout, "must be at least 1 second"))
  return errors
}

function validateInterPodAffinity(args: NonNullable<PluginArgs["InterPodAffinity"]>, path: string): Errors {
  const { hardPodAffinityWeight: weight = 1 } = args
  return weight < 0 || weight > 100
    ? [invalidValue(`${path}.hardPodAffinityWeight`, weight, "not in valid range [0, 100]")]
    : []
}

function validateBalanced(resources: Resources, path: string): Errors {
  const seen = new Set<string>()
  return resources.flatMap(({ name, weight = 1 }, index) => {
    const errors: Errors = []
    if (seen.has(name)) errors.push(duplicateValue(`${path}.resources[${index}].name`, name))
    seen.add(name)
    if (weight !== 1 && weight !== 0)
      errors.push(invalidValue(`${path}.resources[${index}].weight`, weight, "must be 1"))
    return errors
  })
}

function validateFit({ ignoredResourceGroups = [], scoringStrategy }: Fit, path: string): Errors {
  const errors: Errors = ignoredResourceGroups.flatMap((group, index) =>
    group.includes("/")
      ? [
          invalidValue(
            `${path}.ignoredResourceGroups[${index}]`,
            group,
            "resource group name can't contain '/'",
          ),
        ]
      : [],
  )
  if (!scoringStrategy) return errors
  const at = `${path}.scoringStrategy`
  const { type = "LeastAllocated", resources = [], requestedToCapacityRatio } = scoringStrategy
  if (!strategies.includes(type)) errors.push(unsupportedValue(`${at}.type`, type, strategies))
  resources.forEach(({ weight = 1 }, index) => {
    if (weight < 0 || weight > 100)
      errors.push(
        invalidValue(
          `${at}.resources[${index}].weight`,
          weight,
          "resource weight of ResourceSpec not in valid range [1, 100]",
        ),
      )
  })
  if (type === "RequestedToCapacityRatio") {
    if (!requestedToCapacityRatio)
      errors.push(
        requiredValue(
          `${at}.requestedToCapacityRatio`,
          "must be specified when type is RequestedToCapacityRatio",
        ),
      )
    else
      errors.push(
        ...validateShape(requestedToCapacityRatio.shape ?? [], `${at}.requestedToCapacityRatio.shape`),
      )
  } else if (requestedToCapacityRatio) {
    errors.push(
      forbiddenValue(
        `${at}.requestedToCapacityRatio`,
        "must be nil when type is not RequestedToCapacityRatio",
      ),
    )
  }
  return errors
}

function validateShape(shape: Shape, path: string): Errors {
  if (shape.length === 0) return [requiredValue(path, "at least one point must be specified")]
  return shape.flatMap(({ utilization, score }, index) => {
    const errors: Errors = []
    const at = `${path}[${index}]`
    if (index > 0 && utilization <= shape[index - 1]!.utilization)
      errors.push(invalidValue(`${at}.utilization`, utilization, "values must be sorted in increasing order"))
    if (utilization < 0 || utilization > 100)
      errors.push(invalidValue(`${at}.utilization`, utilization, "not in valid range [0, 100]"))
    if (score < 0 || score > 10) errors.push(invalidValue(`${at}.score`, score, "not in valid range [0, 10]"))
    return errors
  })
}

function validateSpread(args: NonNullable<PluginArgs["PodTopologySpread"]>, path: string): Errors {
  const { defaultConstraints = [], defaultingType = "System" } = args
  const errors: Errors = []
  if (!["System", "List"].includes(defaultingType))
    errors.push(unsupportedValue(`${path}.defaultingType`, defaultingType, ["System", "List"]))
  else if (defaultingType === "System" && defaultConstraints.length)
    errors.push(
      invalidValue(`${path}.defaultingType`, defaultingType, "when .defaultConstraints are not empty"),
    )
  defaultConstraints.forEach(({ maxSkew, topologyKey, whenUnsatisfiable, labelSelector }, index) => {
    const at = `${path}.defaultConstraints[${index}]`
    if (maxSkew <= 0) errors.push(invalidValue(`${at}.maxSkew`, maxSkew, "not in valid range (0, inf)"))
    if (!topologyKey) errors.push(requiredValue(`${at}.topologyKey`, "can not be empty"))
    if (!["DoNotSchedule", "ScheduleAnyway"].includes(whenUnsatisfiable))
      errors.push(
        unsupportedValue(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ["DoNotSchedule", "ScheduleAnyway"]),
      )
    if (labelSelector)
      errors.push(
        forbiddenValue(
          `${at}.labelSelector`,
          "constraint must not define a selector, as they deduced for each pod",
        ),
      )
  })
  return errors
}

function validateVolumeBinding(args: NonNullable<PluginArgs["VolumeBinding"]>, path: string): Errors {
  const { bindTimeoutSeconds = 600, shape } = args
  const errors: Errors = []
  if (bindTimeoutSeconds < 0) {
    const detail = "invalid BindTimeoutSeconds, should not be a negative value"
    errors.push(invalidValue(`${path}.bindTimeoutSeconds`, bindTimeoutSeconds, detail))
  }
  if (shape?.length) {
    const detail = "unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring"
    errors.push(invalidValue(`${path}.shape`, shape, detail))
  }
  return errors
}
