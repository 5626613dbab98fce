import { formatFieldError, unsupportedValue } from "../../apimachinery/field-error.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts"
import { refuse } from "./refuse.ts"

const lists = ["initContainers", "containers", "ephemeralContainers"] as const

/** Nobody runs a private image only because somebody else has brought it to the node: every start asks the registry. */
export function alwaysPullImages(): AdmissionPlugin {
  return {
    name: "AlwaysPullImages",
    on: [{ operations: ["CREATE", "UPDATE"], resources: ["pods"] }],
    mutate(attributes) {
      const pod = attributes.object as Pod
      if (!hasNewImages(attributes)) return pod
      const spec: Record<string, unknown> = { ...pod.spec }
      for (const list of lists)
        if (pod.spec[list])
          spec[list] = pod.spec[list].map((each) => ({ ...each, imagePullPolicy: "Always" }))
      if (pod.spec.volumes)
        spec["volumes"] = pod.spec.volumes.map((volume) =>
          volume.image ? { ...volume, image: { ...volume.image, pullPolicy: "Always" } } : volume,
        )
      return { ...pod, spec } as unknown as Pod
    },
    validate(attributes) {
      if (!hasNewImages(attributes)) return
      const problem = policiesOf(attributes.object as Pod).find(({ policy }) => policy !== "Always")
      if (!problem) return
      const error = unsupportedValue(problem.path, problem.policy, ["Always"])
      throw refuse(attributes, formatFieldError(error))
    },
  }
}

function policiesOf({ spec }: Pod): { path: ReturnType<typeof fieldPath>; policy: string }[] {
  const root = fieldPath("spec")
  return [
    ...lists.flatMap((list) =>
      (spec[list] ?? []).map(({ imagePullPolicy = "" }, index) => ({
        path: root.child(list).index(index).child("imagePullPolicy"),
        policy: imagePullPolicy,
      })),
    ),
    ...(spec.volumes ?? []).flatMap(({ image }, index) =>
      image
        ? {
            path: root.child("volumes").index(index).child("image", "pullPolicy"),
            policy: image.pullPolicy ?? "",
          }
        : [],
    ),
  ]
}

function hasNewImages({ object, oldObject }: AdmissionAttributes): boolean {
  if (!oldObject) return true
  const images = ({ spec }: Pod) => lists.flatMap((list) => (spec[list] ?? []).map(({ image }) => image))
  const known = new Set(images(oldObject as Pod))
  return images(object as Pod).some((image) => !known.has(image))
}
