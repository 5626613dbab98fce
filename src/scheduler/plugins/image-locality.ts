import { maxScore, type Plugin } from "../framework.ts"

const mebibyte = 1024 * 1024
const leastBytes = 23 * mebibyte
const mostBytesPerContainer = 1000 * mebibyte

/** Prefers nodes that hold the pod's images, the larger the better; images that few nodes hold count less. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  score: ({ pod }, _nodes, { view }) => {
    if (view.images.size === 0) return undefined
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const images = containers.map(({ image }) => normalizeImageName(image ?? ""))
    if (!images.some((image) => view.images.has(image))) return undefined
    const spread = new Map(images.map((image) => [image, (view.images.get(image) ?? 0) / view.nodes.length]))
    const most = mostBytesPerContainer * containers.length
    return {
      of(node) {
        const bytes = images.reduce(
          (sum, image) => sum + Math.floor((node.images.get(image) ?? 0) * spread.get(image)!),
          0,
        )
        const clamped = Math.min(Math.max(bytes, leastBytes), most)
        return Math.floor((maxScore * (clamped - leastBytes)) / (most - leastBytes))
      },
    }
  },
}

/** Nodes tell names with a tag. */
function normalizeImageName(name: string): string {
  return name.lastIndexOf(":") <= name.lastIndexOf("/") ? `${name}:latest` : name
}
