import { writeOciArchive } from "./image-archive/oci-archive.ts"
import { writeTar } from "./image-archive/tar.ts"
import { pauseProgram } from "./pause-program.ts"

/** "localhost" is a registry that no resolver will find elsewhere: this image is never pulled. */
export const pauseImageName = "localhost/coracle/pause:1"

/** The sandbox image as an OCI archive of a few kilobytes, the same bytes every time. `architecture` is OCI's name. */
export function pauseImageArchive(architecture: string): Uint8Array {
  return writeOciArchive({
    name: pauseImageName,
    architecture,
    layers: [writeTar([{ type: "file", path: "pause", mode: 0o755, content: pauseProgram(architecture) }])],
    config: { Entrypoint: ["/pause"] },
  })
}
