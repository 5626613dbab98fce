import { createReadStream } from "node:fs"
import { createGunzip } from "node:zlib"
import { normalizeImageName } from "../image-archive/image-name.ts"
import { readTar, type TarMember } from "../image-archive/tar.ts"
import type { Descriptor } from "./containerd-messages.ts"
import { type ContentStore, withContentStore } from "./content-store.ts"
import type { GrpcChannel } from "../../base/real/grpc/grpc-channel.ts"

export interface LoadOptions {
  /** Unique among all loads. */
  readonly id: string
  readonly now: number
  /** For archives that do not say their image's name. */
  readonly name?: string
}

/**
 * Puts the images of an archive into containerd, as `ctr images import` does: OCI layouts and what `docker save` writes,
 * plain or gzipped. The archive is read once, as it comes; nothing is unpacked until a container wants it. Resolves to
 * the images' names.
 */
export function loadImageArchive(
  channel: GrpcChannel,
  archive: AsyncIterable<Uint8Array>,
  options: LoadOptions,
): Promise<string[]> {
  return withContentStore(channel, { leaseId: `load-${options.id}`, now: options.now }, async (store) => {
    const content = await storeMembers(store, archive)
    const images = content.has("index.json")
      ? ociImages(content)
      : content.has("manifest.json")
        ? await dockerImages(store, content)
        : notAnArchive()
    const names: string[] = []
    for (const image of images) {
      const name = options.name ?? image.name
      if (!name) throw new Error("the archive does not say its image's name: give one with --name")
      await keepChildren(store, content, image.target)
      await store.nameImage(normalizeImageName(name), image.target)
      names.push(normalizeImageName(name))
    }
    return names
  })
}

/** Opens an archive for `loadImageArchive`. */
export async function* readArchiveFile(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 })
  const pieces = file[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await pieces.next()
  if (first.done) throw new Error(`${path} is empty`)
  async function* whole() {
    yield first.value as Buffer
    for (let piece = await pieces.next(); !piece.done; piece = await pieces.next()) yield piece.value
  }
  const isGzip = first.value[0] === 0x1f && first.value[1] === 0x8b
  if (!isGzip) return yield* whole()
  const { Readable } = await import("node:stream")
  yield* Readable.from(whole()).pipe(createGunzip())
}

function notAnArchive(): never {
  throw new Error(
    "the file holds no image: it has neither index.json (OCI layout) nor manifest.json (docker save)",
  )
}

interface StoredMember {
  readonly digest: string
  readonly size: number
  /** Kept for small files: they may be manifests, and which ones are is told only at the archive's end. */
  readonly text?: string
  readonly isGzip: boolean
}
type StoredMembers = Map<string, StoredMember>

const smallBytes = 1 << 20

async function storeMembers(store: ContentStore, archive: AsyncIterable<Uint8Array>): Promise<StoredMembers> {
  const members: StoredMembers = new Map()
  const links: TarMember[] = []
  for await (const member of readTar(archive)) {
    if (member.type === "file") members.set(member.path, await storeMember(store, member))
    else if (member.type === "symlink" || member.type === "hardlink") links.push(member)
  }
  for (const { path, type, target } of links) {
    const from = type === "symlink" ? resolvePath(path, target) : target
    const member = members.get(from)
    if (member) members.set(path, member)
  }
  return members
}

async function storeMember(store: ContentStore, { content, size }: TarMember): Promise<StoredMember> {
  const kept: Uint8Array[] = []
  let start: Uint8Array | undefined
  async function* tapped() {
    for await (const chunk of content) {
      start ??= chunk
      if (size <= smallBytes) kept.push(chunk)
      yield chunk
    }
  }
  const digest = await store.write(tapped(), size)
  return {
    digest,
    size,
    isGzip: start?.[0] === 0x1f && start[1] === 0x8b,
    ...(size <= smallBytes && { text: Buffer.concat(kept).toString() }),
  }
}

/** `docker save` of old links equal layers: "../<id>/layer.tar". */
function resolvePath(from: string, target: string): string {
  const parts = from.split("/").slice(0, -1)
  for (const part of target.split("/")) {
    if (part === "..") parts.pop()
    else if (part !== ".") parts.push(part)
  }
  return parts.join("/")
}

interface NamedImage {
  readonly name: string | undefined
  readonly target: Descriptor
}

interface Manifest {
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
  readonly manifests?: readonly (Descriptor & { readonly annotations?: Record<string, string> })[]
}

function ociImages(members: StoredMembers): NamedImage[] {
  const index = JSON.parse(members.get("index.json")!.text!) as Manifest
  return (index.manifests ?? []).map(({ annotations = {}, ...target }) => {
    const reference = annotations["org.opencontainers.image.ref.name"]
    // The reference is often a bare tag ("latest"), which names nothing.
    const name = annotations["io.containerd.image.name"] ?? (reference?.includes("/") ? reference : undefined)
    return { name, target }
  })
}

interface DockerManifest {
  readonly Config: string
  readonly RepoTags: readonly string[] | null
  readonly Layers: readonly string[]
}

/** The archive of an older `docker save` has no manifest in the registry's sense: it is made here. */
async function dockerImages(store: ContentStore, members: StoredMembers): Promise<NamedImage[]> {
  const images: NamedImage[] = []
  for (const { Config, RepoTags, Layers } of JSON.parse(
    members.get("manifest.json")!.text!,
  ) as DockerManifest[]) {
    const member = (path: string) => {
      const found = members.get(path)
      if (!found) throw new Error(`the archive's manifest.json names "${path}", which is not in the archive`)
      return found
    }
    const describe = (path: string, mediaType: string): Descriptor => {
      const { digest, size, isGzip } = member(path)
      return { mediaType: isGzip ? `${mediaType}.gzip` : mediaType, digest, size }
    }
    const mediaType = "application/vnd.docker.distribution.manifest.v2+json"
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: describe(Config, "application/vnd.docker.container.image.v1+json"),
      layers: Layers.map((layer) => describe(layer, "application/vnd.docker.image.rootfs.diff.tar")),
    }
    const text = JSON.stringify(manifest)
    const bytes = Buffer.from(text)
    const digest = await store.write(once(bytes), bytes.length)
    members.set(`blobs/${digest.replace(":", "/")}`, { digest, size: bytes.length, text, isGzip: false })
    for (const name of RepoTags?.length ? RepoTags : [undefined]) {
      images.push({ name, target: { mediaType, digest, size: bytes.length } })
    }
  }
  return images
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** containerd keeps a blob while something that is kept refers to it; for manifests, references are labels. */
async function keepChildren(store: ContentStore, members: StoredMembers, target: Descriptor): Promise<void> {
  const text = members.get(`blobs/${target.digest.replace(":", "/")}`)?.text
  if (text === undefined) return
  const { config, layers = [], manifests = [] } = JSON.parse(text) as Manifest
  const labels: Record<string, string> = {}
  if (config) labels["containerd.io/gc.ref.content.config"] = config.digest
  for (const [index, layer] of layers.entries())
    labels[`containerd.io/gc.ref.content.l.${index}`] = layer.digest
  for (const [index, child] of manifests.entries())
    labels[`containerd.io/gc.ref.content.m.${index}`] = child.digest
  await store.label(target.digest, labels)
  for (const child of manifests) await keepChildren(store, members, child)
}
