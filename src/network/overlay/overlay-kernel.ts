import type { Commands } from "../../base/commands.ts"
import { networkIncludes, parseNetwork } from "../../base/ip-address.ts"
import type { OverlayPeer, OverlayPlan, OverlayRoute } from "./plan-overlay.ts"

/** Marks our routes among others' (/etc/iproute2/rt_protos leaves these numbers to everybody). */
export const routeProtocol = "157"

export interface KernelOverlay {
  /** Absent with plain routes. */
  readonly device?: string
  /** Where routes for answers are; absent with plain routes. */
  readonly returnTable?: string
  readonly clusterCidrs: readonly string[]
  /** The node's addresses in the pod network: what it speaks to other nodes' pods from. */
  readonly gateways: readonly string[]
  readonly commands: Commands
}

/** Makes the kernel's routes and peers those of the plan: what is missing comes first, what is too much goes last. */
export async function applyOverlay(plan: OverlayPlan, overlay: KernelOverlay): Promise<void> {
  const { commands, device, returnTable } = overlay
  const [routes, returns, forwarding, neighbours] = await Promise.all([
    listRoutes(overlay),
    returnTable ? listTable(returnTable, commands) : [],
    device ? listForwarding(device, commands) : [],
    device ? listNeighbours(device, commands) : [],
  ])
  const forwardingCommands = device ? planForwarding(plan.peers, forwarding, device) : []
  if (forwardingCommands.length > 0) await commands.run("bridge", ["-batch", "-"], text(forwardingCommands))
  const lines = [
    ...(device ? planNeighbours(plan.peers, neighbours, device) : []),
    ...planRoutes(plan.routes, routes, (route) => routeText(route, overlay)),
    ...planRoutes(plan.returns, returns, (route) => returnText(route, overlay)),
  ]
  // A node that is out of reach for plain routes keeps nobody from the others.
  if (lines.length > 0) await commands.run("ip", ["-force", "-batch", "-"], text(lines))
}

export async function removeRoutes(overlay: KernelOverlay): Promise<void> {
  const lines = planRoutes([], await listRoutes(overlay), (route) => routeText(route, overlay))
  if (lines.length > 0) await overlay.commands.run("ip", ["-batch", "-"], text(lines))
}

function planRoutes(
  wanted: readonly OverlayRoute[],
  known: readonly OverlayRoute[],
  describe: (route: OverlayRoute) => string,
): string[] {
  const key = ({ destination, via }: OverlayRoute) => `${destination} via ${via}`
  const had = new Set(known.map(key))
  const destinations = new Set(wanted.map(({ destination }) => destination))
  return [
    ...wanted.filter((route) => !had.has(key(route))).map((route) => `route replace ${describe(route)}`),
    ...known
      .filter(({ destination }) => !destinations.has(destination))
      .map((route) => `route del ${describe(route)}`),
  ]
}

function routeText({ destination, via }: OverlayRoute, { device, gateways }: KernelOverlay): string {
  const isIpv6 = destination.includes(":")
  const source = gateways.find((gateway) => gateway.includes(":") === isIpv6)
  return [
    destination,
    `via ${via}`,
    ...(device ? [`dev ${device} onlink`] : []),
    ...(source ? [`src ${source}`] : []),
    `proto ${routeProtocol}`,
  ].join(" ")
}

function returnText({ destination, via }: OverlayRoute, { device, returnTable }: KernelOverlay): string {
  return `${destination} via ${via} dev ${device} onlink proto ${routeProtocol} table ${returnTable}`
}

function planForwarding(
  peers: readonly OverlayPeer[],
  known: readonly Forwarding[],
  device: string,
): string[] {
  const wanted = new Map(peers.map(({ macAddress, nodeAddress }) => [macAddress, nodeAddress]))
  const had = new Map(known.map(({ mac, dst }) => [mac, dst]))
  return [
    ...Array.from(wanted)
      .filter(([mac, nodeAddress]) => had.get(mac) !== nodeAddress)
      .map(([mac, nodeAddress]) => `fdb replace ${mac} dev ${device} dst ${nodeAddress} self permanent`),
    ...Array.from(had.keys())
      .filter((mac) => !wanted.has(mac))
      .map((mac) => `fdb del ${mac} dev ${device} self`),
  ]
}

function planNeighbours(
  peers: readonly OverlayPeer[],
  known: readonly Neighbour[],
  device: string,
): string[] {
  const wanted = new Map(peers.map(({ address, macAddress }) => [address, macAddress]))
  const had = new Map(known.map(({ dst, lladdr }) => [dst, lladdr]))
  return [
    ...Array.from(wanted)
      .filter(([address, mac]) => had.get(address) !== mac)
      .map(([address, mac]) => `neigh replace ${address} lladdr ${mac} dev ${device} nud permanent`),
    ...Array.from(had.keys())
      .filter((address) => !wanted.has(address))
      .map((address) => `neigh del ${address} dev ${device}`),
  ]
}

/** Our routes, by their protocol number, as far as they are this cluster's. */
async function listRoutes({ commands, clusterCidrs }: KernelOverlay): Promise<OverlayRoute[]> {
  const clusters = clusterCidrs.flatMap((cidr) => parseNetwork(cidr) ?? [])
  return (await listTable("main", commands)).filter(({ destination }) => {
    const network = parseNetwork(destination)
    return network && clusters.some((cluster) => networkIncludes(cluster, network))
  })
}

/** The routes that we made in a table; none where there is no such table yet. */
async function listTable(table: string, commands: Commands): Promise<OverlayRoute[]> {
  const texts = await Promise.all(
    ["-4", "-6"].map((family) =>
      commands
        .run("ip", [family, "-json", "route", "show", "table", table, "proto", routeProtocol])
        .catch(() => "[]"),
    ),
  )
  return texts
    .flatMap((output) => JSON.parse(output || "[]") as { dst: string; gateway?: string }[])
    .map(({ dst, gateway = "" }) => ({ destination: dst, via: gateway }))
}

interface Forwarding {
  readonly mac: string
  readonly dst?: string
}

async function listForwarding(device: string, commands: Commands): Promise<Forwarding[]> {
  const entries = JSON.parse(
    await commands.run("bridge", ["-json", "fdb", "show", "dev", device]),
  ) as Forwarding[]
  return entries.filter(({ dst }) => dst !== undefined)
}

interface Neighbour {
  readonly dst: string
  readonly lladdr?: string
  readonly state: readonly string[]
}

async function listNeighbours(device: string, commands: Commands): Promise<Neighbour[]> {
  const output = await commands.run("ip", ["-json", "neigh", "show", "dev", device])
  return (JSON.parse(output || "[]") as Neighbour[]).filter(({ state }) => state.includes("PERMANENT"))
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`
}
