import { type Clock, sleep } from "../../base/clock.ts"
import { normalizeImageName } from "../image-archive/image-name.ts"
import { type FilesystemUsage, type Image, type ImageService, RuntimeError } from "../cri.ts"

export interface SimulatedImagesOptions {
  readonly clock: Clock
  /** How long a pull takes. @default 0 */
  readonly pullDelayMs?: number
  /** Why an image cannot be pulled; undefined: it can. @default names with the tag "missing" cannot */
  readonly pullError?: (image: string) => string | undefined
}

const imageBytes = 64 << 20

/** Images that are only names. Every name can be pulled unless the options say otherwise. */
export class SimulatedImages implements ImageService {
  readonly #options: SimulatedImagesOptions
  readonly #images = new Set<string>()

  constructor(options: SimulatedImagesOptions) {
    this.#options = options
  }

  async listImages(): Promise<readonly Image[]> {
    return Array.from(this.#images, toImage)
  }

  async findImage(image: string): Promise<Image | undefined> {
    const name = normalizeImageName(image)
    return this.#images.has(name) ? toImage(name) : undefined
  }

  async pullImage(image: string): Promise<string> {
    const { clock, pullDelayMs = 0, pullError = missingTag } = this.#options
    if (pullDelayMs > 0) await sleep(clock, pullDelayMs)
    const problem = pullError(image)
    if (problem !== undefined) throw new RuntimeError("NotFound", problem)
    const name = normalizeImageName(image)
    this.#images.add(name)
    return toImage(name).id
  }

  async removeImage(image: string): Promise<void> {
    this.#images.delete(normalizeImageName(image))
  }

  async filesystemInfo(): Promise<readonly FilesystemUsage[]> {
    const timestamp = Math.round(this.#options.clock.now()) * 1_000_000
    return [{ timestamp, mountpoint: "/", usedBytes: this.#images.size * imageBytes, inodesUsed: 0 }]
  }
}

function missingTag(image: string): string | undefined {
  if (!image.endsWith(":missing")) return undefined
  const name = normalizeImageName(image)
  return `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${name}: not found`
}

function toImage(name: string): Image {
  return { id: name, repoTags: [name], repoDigests: [], sizeBytes: imageBytes, username: "", pinned: false }
}
