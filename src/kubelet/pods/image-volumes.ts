import type { ImageSpec } from "../../container-runtime/cri.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { pullCredentials } from "../images/credentials/pull-credentials.ts"
import type { ImageRequest } from "../images/image-puller.ts"
import type { PodContainer } from "./pod-containers.ts"
import type { Pod } from "../../api/core/v1/pod.ts"

export interface ImageVolumeNeeds {
  readonly pod: Pod
  readonly container: PodContainer
  readonly event: ImageRequest["event"]
}

/**
 * Has the images there that a container mounts as volumes; gives them by their volumes' names. Throws StartError, with the
 * first image that cannot be had.
 */
export async function ensureImageVolumes(
  services: KubeletServices,
  { pod, container, event }: ImageVolumeNeeds,
): Promise<ReadonlyMap<string, ImageSpec>> {
  const images = new Map<string, ImageSpec>()
  for (const { name, image: source } of pod.spec.volumes ?? []) {
    if (!source || !container.spec.volumeMounts?.some((mount) => mount.name === name)) continue
    const reference = source.reference ?? ""
    const image = await services.puller.ensure({
      image: reference,
      policy: source.pullPolicy ?? "IfNotPresent",
      podUid: pod.metadata.uid,
      credentials: () => pullCredentials(services, pod, reference),
      event,
    })
    images.set(name, { image: image.id, userSpecifiedImage: reference })
  }
  return images
}
