import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { CommandError, type Commands } from "../../base/commands.ts"
import { ipFamily } from "../../base/ip-address.ts"
import { type NetworkRanges, type Networks, networksOf } from "./networks.ts"
import { type NetworkWishes, planNetworks } from "./plan-networks.ts"

export interface EnsureOptions {
  /** Control planes elsewhere, which know nothing of this machine, must choose the same: the usual ones. @default false */
  readonly isShared?: boolean
  /** @default whatever is free */
  readonly wishes?: NetworkWishes
}

const fileName = "networks.json"

/**
 * The ranges of the cluster in this directory: those it has had, else free ones, remembered. Throws when it has others than
 * are wished for.
 */
export async function ensureNetworks(
  directory: string,
  commands: Commands,
  { isShared = false, wishes = {} }: EnsureOptions = {},
): Promise<Networks> {
  const known = findNetworks(directory)
  if (known) {
    refuseOthers(known, wishes)
    return known
  }
  const networks = planNetworks(isShared ? [] : await listRoutes(commands), wishes)
  rememberNetworks(directory, networks)
  return networks
}

/** The ranges of a cluster that is run elsewhere, for a node of it. */
export function rememberNetworks(directory: string, { pods, services, nodes, backend }: Networks): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, fileName), `${JSON.stringify({ pods, services, nodes, backend })}\n`)
}

/** One range stood there as text before there could be two. */
type Remembered = Partial<
  Record<"pods" | "services" | "nodes", string | readonly string[]> & Pick<NetworkRanges, "backend">
>

function findNetworks(directory: string): Networks | undefined {
  const text = readIfExists(join(directory, fileName))
  if (!text) return undefined
  const { pods, services, nodes, backend } = JSON.parse(text) as Remembered
  return networksOf({
    pods: [pods!].flat(),
    services: [services!].flat(),
    ...(nodes && { nodes: [nodes].flat() }),
    ...(backend && { backend }),
  })
}

function refuseOthers(known: Networks, { pods, services, backend, families }: NetworkWishes): void {
  const refuse = (flag: string, wanted: readonly string[] | undefined, has: readonly string[]) => {
    if (!wanted || wanted.join() === has.join()) return
    throw new Error(
      `--${flag} ${wanted.join()}: the cluster in this directory has ${has.join()} since its first start, and that never changes; \`coracle reset\` makes room for another`,
    )
  }
  refuse("pod-network-cidr", pods, known.pods)
  refuse("service-cidr", services, known.services)
  refuse("network-backend", backend && [backend], [known.backend])
  const familiesOf = (ranges: readonly string[]) => ranges.map((range) => `IPv${ipFamily(range)}`)
  refuse(
    "ip-families",
    families?.map((family) => `IPv${family}`),
    familiesOf(known.pods),
  )
}

async function listRoutes(commands: Commands): Promise<string[]> {
  const list = async (family: "-4" | "-6") => {
    const text = await commands.run("ip", [family, "-json", "route", "show", "table", "all"])
    const routes = JSON.parse(text || "[]") as { dst?: string }[]
    return routes.flatMap(({ dst }) => (dst && dst !== "default" ? [dst] : []))
  }
  try {
    return (await Promise.all([list("-4"), list("-6")])).flat()
  } catch (error) {
    // Without iproute2 there is no real node either, so no range is really used.
    if (error instanceof CommandError) return []
    throw error
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
