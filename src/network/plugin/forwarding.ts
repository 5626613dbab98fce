import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Commands } from "../../base/commands.ts"
import type { IpFamily } from "../../base/ip-address.ts"

/**
 * A node routes for its pods, which the kernel does only when told. The first cluster on a machine remembers what the
 * setting was, the last one to leave puts it back. Users of the setting are files in a directory that all clusters share.
 */
export interface Forwarding {
  readonly sharedDirectory: string
  readonly commands: Commands
}

const settings = {
  "net.ipv4.ip_forward": "/proc/sys/net/ipv4/ip_forward",
  "net.ipv6.conf.all.forwarding": "/proc/sys/net/ipv6/conf/all/forwarding",
} as const

export type ForwardingSetting = keyof typeof settings

export const forwardingSettings: Readonly<Record<IpFamily, ForwardingSetting>> = {
  4: "net.ipv4.ip_forward",
  6: "net.ipv6.conf.all.forwarding",
}

export async function ensureForwarding(
  { sharedDirectory, commands }: Forwarding,
  user: string,
  setting: ForwardingSetting,
): Promise<void> {
  const users = join(sharedDirectory, setting, "users")
  await mkdir(users, { recursive: true })
  await writeFile(join(users, user), "")
  const value = (await commands.run("cat", [settings[setting]])).trim()
  if (value !== "0") return
  // Written once: a second cluster must not take our change for the original.
  await writeFile(join(sharedDirectory, setting, "original"), value, { flag: "wx" }).catch(ignoreExisting)
  if (setting === "net.ipv6.conf.all.forwarding") await keepRouterAdvertisements(sharedDirectory, commands)
  await write(commands, setting, "1")
}

export async function restoreForwarding(
  { sharedDirectory, commands }: Forwarding,
  user: string,
): Promise<void> {
  for (const setting of Object.keys(settings) as ForwardingSetting[]) {
    const directory = join(sharedDirectory, setting)
    await rm(join(directory, "users", user), { force: true })
    const others = await readdir(join(directory, "users")).catch(() => [])
    if (others.length > 0) continue
    const original = await readFile(join(directory, "original"), "utf8").catch(() => undefined)
    if (original !== undefined) await write(commands, setting, original)
    if (setting === "net.ipv6.conf.all.forwarding")
      await restoreRouterAdvertisements(sharedDirectory, commands)
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Routers do not listen to other routers: an interface that forwards forgets the default route that an advertisement has
 * given it, unless it is told to go on (accept_ra 2). So those that listened (1) are told before; what interfaces to come have
 * by default is left alone, for nobody shall believe what a pod says of routers.
 */
async function keepRouterAdvertisements(sharedDirectory: string, commands: Commands): Promise<void> {
  const listing = await commands
    .run("grep", ["-rsx", "1", "/proc/sys/net/ipv6/conf", "--include=accept_ra"])
    .catch(() => "")
  const paths = listing
    .split("\n")
    .flatMap((line) => line.match(/^\S+\/conf\/(?!all\/|default\/)\S+\/accept_ra(?=:1$)/) ?? [])
  await writeFile(advertisementsFile(sharedDirectory), paths.join("\n"), { flag: "wx" }).catch(ignoreExisting)
  for (const path of paths) await commands.run("tee", [path], "2").catch(() => {})
}

async function restoreRouterAdvertisements(sharedDirectory: string, commands: Commands): Promise<void> {
  const listing = await readFile(advertisementsFile(sharedDirectory), "utf8").catch(() => "")
  // An interface may be gone by now.
  for (const path of listing.split("\n").filter(Boolean))
    await commands.run("tee", [path], "1").catch(() => {})
}

function advertisementsFile(sharedDirectory: string): string {
  return join(sharedDirectory, forwardingSettings[6], "router-advertisements")
}

async function write(commands: Commands, setting: ForwardingSetting, value: string): Promise<void> {
  await commands.run("tee", [settings[setting]], value)
}

function ignoreExisting(error: unknown): void {
  if ((error as { code?: string }).code !== "EEXIST") throw error
}
