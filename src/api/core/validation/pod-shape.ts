import type { PodSpec } from "../v1/pod.ts"

/** Admission names the volume with a pod's token anew for each pod; one such name is as good as another. */
const tokenVolume = /"kube-api-access-[a-z0-9]{5}"/

/**
 * What pods of one workload have in common, as a text: the spec without the node and without the name of the token's
 * volume. Two specs of one shape differ in nothing else.
 */
export function podShape(spec: PodSpec): string {
  const text = JSON.stringify(spec.nodeName ? { ...spec, nodeName: "" } : spec)
  const name = tokenVolume.exec(text)?.[0]
  // A star stands in no JSON, so the text cannot be that of a spec which says something else in this place.
  return name ? text.replaceAll(name, "*") : text
}
