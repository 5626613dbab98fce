import { readFile, statfs } from "node:fs/promises"
import { arch, cpus, hostname, networkInterfaces, totalmem } from "node:os"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { parseResolvConf } from "../containers/pod-dns.ts"
import { planNodeResources } from "../node/plan-node-resources.ts"
import type { Machine } from "../node-host.ts"
import { readMemoryControl } from "./cgroup-version.ts"
import { readHugePages } from "./read-huge-pages.ts"

export interface RealMachineOptions {
  readonly nodeName: string
  /** The node's addresses; found out where it is not said. */
  readonly nodeIps?: readonly string[]
  /** On the file system whose space pods share. */
  readonly rootDirectory: string
  readonly configuration: KubeletConfiguration
}

export async function readMachine(options: RealMachineOptions): Promise<Machine> {
  const { configuration } = options
  const text = (path: string) => readFile(path, "utf8").catch(() => "")
  const [release, machineId, bootId, systemUuid, kernel, disk, memory, hugePages, maxPid, resolv] =
    await Promise.all([
      text("/etc/os-release"),
      text("/etc/machine-id"),
      text("/proc/sys/kernel/random/boot_id"),
      text("/sys/class/dmi/id/product_uuid"),
      text("/proc/sys/kernel/osrelease"),
      statfs(options.rootDirectory),
      text("/proc/meminfo"),
      readHugePages(),
      text("/proc/sys/kernel/pid_max"),
      configuration.resolvConf === "" ? "" : text(configuration.resolvConf),
    ])
  const resources = planNodeResources(
    {
      cpus: cpus().length,
      memoryBytes: Math.floor(totalmem() / 1024) * 1024,
      diskBytes: disk.blocks * disk.bsize,
      hugePages,
      maxProcesses: Number(maxPid),
    },
    configuration,
  )
  const ips = options.nodeIps?.length ? options.nodeIps : defaultAddresses()
  return {
    ...resources,
    memoryControl: await readMemoryControl(),
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
