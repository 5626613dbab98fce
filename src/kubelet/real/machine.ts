import { readFile, statfs } from "node:fs/promises"
import { arch, cpus, hostname, networkInterfaces, totalmem } from "node:os"
import { parseResolvConf } from "../containers/pod-dns.ts"
import type { Machine } from "../node-host.ts"

export interface RealMachineOptions {
  readonly nodeName: string
  /** The node's addresses; found out where it is not said. */
  readonly nodeIps?: readonly string[]
  /** On the file system whose space pods share. */
  readonly rootDirectory: string
  readonly maxPods: number
  /** The machine's, or one made for containers where the machine's points at itself; "": nothing is looked up. */
  readonly resolvConf: string
}

/** What the kubelet itself keeps in reserve (evictionHard memory.available). */
const reservedMemoryBytes = 100 << 20
/** nodefs.available: a tenth of the disk is never promised to pods. */
const promisedDisk = 0.9

export async function readMachine(options: RealMachineOptions): Promise<Machine> {
  const text = (path: string) => readFile(path, "utf8").catch(() => "")
  const [release, machineId, bootId, systemUuid, kernel, disk, memory, resolv] = await Promise.all([
    text("/etc/os-release"),
    text("/etc/machine-id"),
    text("/proc/sys/kernel/random/boot_id"),
    text("/sys/class/dmi/id/product_uuid"),
    text("/proc/sys/kernel/osrelease"),
    statfs(options.rootDirectory),
    text("/proc/meminfo"),
    options.resolvConf === "" ? "" : text(options.resolvConf),
  ])
  const memoryBytes = totalmem()
  const diskBytes = disk.blocks * disk.bsize
  const fixed = {
    cpu: String(cpus().length),
    pods: String(options.maxPods),
    "hugepages-1Gi": "0",
    "hugepages-2Mi": hugePages(memory),
  }
  const ips = options.nodeIps?.length ? options.nodeIps : defaultAddresses()
  return {
    capacity: {
      ...fixed,
      memory: kibibytes(memoryBytes),
      "ephemeral-storage": kibibytes(diskBytes),
    },
    allocatable: {
      ...fixed,
      memory: kibibytes(memoryBytes - reservedMemoryBytes),
      "ephemeral-storage": String(Math.floor(diskBytes * promisedDisk)),
    },
    addresses: [
      ...ips.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: options.nodeName },
    ],
    info: {
      architecture: arch() === "x64" ? "amd64" : arch(),
      bootID: bootId.trim(),
      kernelVersion: kernel.trim(),
      machineID: machineId.trim() || hostname(),
      operatingSystem: "linux",
      osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(release)?.[1] ?? "Linux",
      systemUUID: systemUuid.trim() || machineId.trim(),
      // A machine without swap says nothing about it.
      ...(swapBytes(memory) > 0 && { swap: { capacity: swapBytes(memory) } }),
    },
    dns: parseResolvConf(resolv),
  }
}

function kibibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`
}

function hugePages(memory: string): string {
  const count = Number(/^HugePages_Total:\s+(\d+)/m.exec(memory)?.[1] ?? 0)
  return count === 0 ? "0" : `${count * 2}Mi`
}

function swapBytes(memory: string): number {
  return Number(/^SwapTotal:\s+(\d+)/m.exec(memory)?.[1] ?? 0) * 1024
}

/** The first address of each family that is not the machine's own loop; that one if there is no other. */
function defaultAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
  const firstOf = (family: string) => outside.find((each) => each.family === family)?.address
  const found = [firstOf("IPv4"), firstOf("IPv6")].filter((address) => address !== undefined)
  return found.length > 0 ? found : ["127.0.0.1"]
}
