import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { duration } from "../../apimachinery/schema.ts"
import { defaultEvictionHard, KubeletConfiguration } from "./kubelet-configuration.ts"

/** A whole configuration of what is `given`: what is left out is as upstream has it. */
export function defaultConfiguration(given: Partial<KubeletConfiguration> = {}): KubeletConfiguration {
  const said = withoutZeroDurations(given)
  return applyDefaults(KubeletConfiguration, { ...said, ...dependentDefaults(said) }) as KubeletConfiguration
}

/** In Go a duration of zero is one that was left out. */
function withoutZeroDurations(given: Partial<KubeletConfiguration>): Partial<KubeletConfiguration> {
  const isZero = ([name, value]: [string, unknown]) =>
    value === "0s" && KubeletConfiguration.fields[name as keyof KubeletConfiguration]?.schema === duration
  return Object.fromEntries(Object.entries(given).filter((entry) => !isZero(entry)))
}

/** Defaults that depend on what else is said. */
function dependentDefaults(said: Partial<KubeletConfiguration>): Partial<KubeletConfiguration> {
  const { nodeStatusUpdateFrequency, maxParallelImagePulls = 1, podPidsLimit = -1 } = said
  return {
    ...(nodeStatusUpdateFrequency !== undefined &&
      said.nodeStatusReportFrequency === undefined && {
        nodeStatusReportFrequency: nodeStatusUpdateFrequency,
      }),
    ...(maxParallelImagePulls > 1 &&
      said.serializeImagePulls === undefined && { serializeImagePulls: false }),
    ...(podPidsLimit < 0 && { podPidsLimit: -1 }),
    ...(said.mergeDefaultEvictionSettings && {
      evictionHard: { ...defaultEvictionHard, ...said.evictionHard },
    }),
  }
}
