import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { normalizeImageName } from "../../src/container-runtime/image-archive/image-name.ts"
import { ociArchitecture, writeOciArchive } from "../../src/container-runtime/image-archive/oci-archive.ts"
import { type TarEntry, writeTar } from "../../src/container-runtime/image-archive/tar.ts"

// Images made from what the machine has, for tests and for the first five minutes without internet access. Each function
// writes an OCI archive and gives its path; `coracle image load` takes it.

export interface BuildOptions {
  /** Where the archive is written. */
  readonly output: string
}

/** A shell and the usual commands, from the machine's static busybox (Debian: `apt-get install busybox-static`). */
export function buildBusyboxImage(name: string, options: BuildOptions): string {
  const binary = findBinary("busybox")
  if (sharedLibraries(binary).length > 0)
    throw new Error(
      `${binary} is not static, so it cannot stand alone in an image: apt-get install busybox-static`,
    )
  const applets = execFileSync(binary, ["--list"], { encoding: "utf8" }).trim().split("\n")
  const links = applets
    .filter((applet) => applet !== "busybox")
    .map((applet): TarEntry => ({ type: "symlink", path: `bin/${applet}`, target: "busybox" }))
  const entries = [...skeleton(), file("bin/busybox", readFileSync(binary), 0o755), ...links]
  return writeImage(name, [entries], { Cmd: ["sh"] }, options)
}

/** The machine's Node.js with the libraries it needs, and a shell where a static busybox is there. */
export function buildNodeImage(name: string, options: BuildOptions): string {
  const binary = realpathSync(process.execPath)
  const entries = [...skeleton(), file("usr/bin/node", readFileSync(binary), 0o755)]
  for (const library of sharedLibraries(binary))
    entries.push(...parents(library.slice(1)), file(library.slice(1), readFileSync(library), 0o755))
  return writeImage(name, [withoutDoubles(entries)], { Entrypoint: ["node"] }, options)
}

/** Nothing but these texts, by path: to be mounted, not to be run. Each text is a layer. */
export function buildFilesImage(
  name: string,
  files: Readonly<Record<string, string>>,
  options: BuildOptions,
): string {
  const layers = Object.entries(files).map(([path, content]) => [
    ...parents(path),
    file(path, Buffer.from(content), 0o644),
  ])
  return writeImage(name, layers, {}, options)
}

function writeImage(
  name: string,
  layers: readonly (readonly TarEntry[])[],
  config: Readonly<Record<string, unknown>>,
  { output }: BuildOptions,
): string {
  const archive = writeOciArchive({
    name: normalizeImageName(name),
    architecture: ociArchitecture(process.arch),
    layers: layers.map(writeTar),
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], ...config },
  })
  mkdirSync(dirname(output), { recursive: true })
  writeFileSync(output, archive)
  return output
}

function skeleton(): TarEntry[] {
  const text = (path: string, content: string) => file(path, Buffer.from(content), 0o644)
  return [
    ...["bin", "dev", "etc", "proc", "root", "sys", "usr", "usr/bin", "var", "var/run", "home"].map(
      directory,
    ),
    { type: "directory", path: "tmp", mode: 0o1777 },
    text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    text("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
  ]
}

function file(path: string, content: Uint8Array, mode: number): TarEntry {
  return { type: "file", path, content, mode }
}

function directory(path: string): TarEntry {
  return { type: "directory", path, mode: 0o755 }
}

function parents(path: string): TarEntry[] {
  const parts = path.split("/").slice(0, -1)
  return parts.map((_, index) => directory(parts.slice(0, index + 1).join("/")))
}

function withoutDoubles(entries: readonly TarEntry[]): TarEntry[] {
  return [...new Map(entries.map((entry) => [entry.path, entry])).values()]
}

function findBinary(name: string): string {
  for (const directory of ["/bin", "/usr/bin", "/usr/local/bin"]) {
    if (existsSync(`${directory}/${name}`)) return `${directory}/${name}`
  }
  throw new Error(`no ${name} on this machine: apt-get install busybox-static`)
}

/** What the dynamic linker loads for a program, the linker itself included; nothing for static ones. */
function sharedLibraries(binary: string): string[] {
  try {
    const listing = execFileSync("ldd", [binary], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
    return [...listing.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1]!)
  } catch {
    return []
  }
}
