import { maxScore, type Plugin } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"

const mebibyte = 1024 * 1024
const leastBytes = 23 * mebibyte
const mostBytesPerContainer = 1000 * mebibyte

/** Prefers nodes that hold the pod's images, the larger the better; images that few nodes hold count less. */
export const imageLocality: Plugin = {
  name: "ImageLocality",
  score: ({ pod }, nodes, { view }) => {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    const images = containers.map(({ image }) => normalizeImageName(image ?? ""))
    if (!nodes.some((node) => images.some((image) => node.images.has(image)))) return undefined
    const spread = new Map(images.map((image) => [image, shareOfNodes(view.nodes, image)]))
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

function shareOfNodes(nodes: readonly NodeInfo[], image: string): number {
  return nodes.length ? nodes.filter((node) => node.images.has(image)).length / nodes.length : 0
}

/** Nodes tell names with a tag. */
function normalizeImageName(name: string): string {
  return name.lastIndexOf(":") <= name.lastIndexOf("/") ? `${name}:latest` : name
}
