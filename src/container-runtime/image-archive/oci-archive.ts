import { createHash } from "node:crypto"
import { type TarEntry, writeTar } from "./tar.ts"

export interface ImageDescription {
  /** With registry and tag: "docker.io/library/busybox:latest". */
  readonly name: string
  /** As OCI says it: "amd64", "arm64". */
  readonly architecture: string
  /** Tar archives, the lowest first. */
  readonly layers: readonly Uint8Array[]
  /** `config` of an OCI image: Entrypoint, Cmd, Env, WorkingDir, User, ExposedPorts, Labels. */
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * A one-image archive in the OCI layout, as `docker load`, `ctr images import` and `coracle image load` take it. The same
 * description gives the same bytes. Layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export function writeOciArchive(image: ImageDescription): Buffer {
  const blobs = new Map<string, Uint8Array>()
  const add = (content: Uint8Array, mediaType: string) => {
    const digest = digestOf(content)
    blobs.set(digest, content)
    return { mediaType, digest, size: content.length }
  }
  const json = (value: unknown) => Buffer.from(JSON.stringify(value))

  const layers = image.layers.map((layer) => add(layer, "application/vnd.oci.image.layer.v1.tar"))
  const config = add(
    json({
      architecture: image.architecture,
      os: "linux",
      config: image.config,
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    }),
    "application/vnd.oci.image.config.v1+json",
  )
  const manifest = add(
    json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers,
    }),
    "application/vnd.oci.image.manifest.v1+json",
  )
  const tag = image.name.slice(image.name.lastIndexOf(":") + 1)
  const index = {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [
      {
        ...manifest,
        platform: { architecture: image.architecture, os: "linux" },
        annotations: { "io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": tag },
      },
    ],
  }
  return writeTar([
    file("oci-layout", json({ imageLayoutVersion: "1.0.0" })),
    file("index.json", json(index)),
    { type: "directory", path: "blobs", mode: 0o755 },
    { type: "directory", path: "blobs/sha256", mode: 0o755 },
    ...[...blobs].map(([digest, content]) => file(`blobs/sha256/${digest.slice(7)}`, content)),
  ])
}

function file(path: string, content: Uint8Array): TarEntry {
  return { type: "file", path, mode: 0o644, content }
}

export function digestOf(content: Uint8Array): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`
}

/** Node's name of this machine's architecture, as OCI says it. */
export function ociArchitecture(nodeArchitecture: string): string {
  return nodeArchitecture === "x64" ? "amd64" : nodeArchitecture
}
