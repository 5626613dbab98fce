import { accessSync, constants } from "node:fs"
import { hostname, networkInterfaces } from "node:os"
import { join } from "node:path"
import { type IpFamily, parseIp } from "../base/ip-address.ts"
import { findDefaultInterface } from "./default-interface.ts"

/** What a real node calls, by the Debian package that has it. */
const programs = {
  containerd: "containerd",
  runc: "runc",
  nft: "nftables",
  ip: "iproute2",
  conntrack: "conntrack",
}

/** Why this machine can't run real containers, in words for its user; undefined when it can. */
export function whyNoRealNode(): string | undefined {
  if (process.platform !== "linux") return `real containers need Linux, and this is ${process.platform}`
  if (process.getuid?.() !== 0) return "real containers need root: run it with sudo to have them"
  const missing = Object.entries(programs).filter(([program]) => !isInstalled(program))
  if (missing.length === 0) return undefined
  const packages = missing.map(([, name]) => name).join(" ")
  return `real containers need ${missing.map(([program]) => program).join(", ")}: apt-get install ${packages}`
}

function isInstalled(program: string): boolean {
  const directories = [...(process.env["PATH"] ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]
  return directories.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The machine's name as a node's name: lower case, DNS characters. */
export function machineName(): string {
  const name = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, "-")
    .replaceAll(/^[.-]+|[.-]+$/g, "")
  return name || "node"
}

/**
 * The address at which others reach the machine: the first of the interface that leads to the world, else of any. Without
 * a family, of the first that it has; undefined on a machine without a network.
 */
export function machineAddress(family?: IpFamily): string | undefined {
  if (family === undefined) return machineAddress(4) ?? machineAddress(6)
  const interfaces = networkInterfaces()
  const preferred = interfaces[findDefaultInterface(family) ?? ""] ?? []
  const all = [...preferred, ...Object.values(interfaces).flatMap((addresses) => addresses ?? [])]
  return all.find(
    (each) => each.family === `IPv${family}` && !each.internal && !each.address.startsWith("fe80:"),
  )?.address
}

/** Whether one of the machine's interfaces has it. */
export function isMachineAddress(text: string): boolean {
  const [wanted, ...own] = [
    text,
    ...Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []),
  ].map((address) => parseIp(address))
  return own.some((ip) => ip?.family === wanted?.family && ip?.value === wanted?.value)
}

/**
 * Where others reach a server of this machine that listens at `host`; `machine` is the machine's address where it has
 * several.
 */
export function publicAddress(host: string, machine = machineAddress()): string {
  return listensEverywhere(host) ? (machine ?? "127.0.0.1") : host
}

export function listensEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::"
}
