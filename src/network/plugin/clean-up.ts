import type { Commands } from "../../base/commands.ts"
import type { Logger } from "../../base/log.ts"
import { removeReturnPath } from "../overlay/return-path.ts"

/**
 * Removes everything in the kernel whose name starts with the cluster's prefix: interfaces and nftables tables, those of
 * the proxy and of policies too. Asks the kernel rather than any memory of ours, so it also works after a crash.
 */
export async function removeKernelObjects(prefix: string, commands: Commands, log: Logger): Promise<void> {
  await removeReturnPath(prefix, commands)
  const tables = parseTables(await commands.run("nft", ["list", "tables"])).filter(({ name }) =>
    name.startsWith(`${prefix}-`),
  )
  if (tables.length > 0)
    await commands.run("nft", ["-f", "-"], tables.map((table) => `delete table ${table.text}\n`).join(""))
  const interfaces = (await listInterfaces(commands)).filter((name) => name.startsWith(prefix))
  // -force goes on after a failure: a pod's cable may go at the same moment as its namespace.
  if (interfaces.length > 0)
    await commands
      .run("ip", ["-force", "-batch", "-"], interfaces.map((name) => `link del ${name}\n`).join(""))
      .catch((error: unknown) => log.debug("some interfaces were gone already", { error }))
}

export async function listInterfaces(commands: Commands): Promise<string[]> {
  const links = JSON.parse(await commands.run("ip", ["-json", "link", "show"])) as { ifname?: string }[]
  return links.flatMap(({ ifname }) => (ifname ? [ifname] : []))
}

/** Lines as "table ip cor1a2b-pods". */
function parseTables(text: string): { text: string; name: string }[] {
  return text.split("\n").flatMap((line) => {
    const [word, family, name] = line.trim().split(" ")
    return word === "table" && family && name ? [{ text: `${family} ${name}`, name }] : []
  })
}

/** Left over when the runtime was killed: a mount that keeps a sandbox's namespace, and its file. */
export async function removeNetworkNamespace(path: string, commands: Commands): Promise<void> {
  if (!path.startsWith("/run/netns/") && !path.startsWith("/var/run/netns/")) return
  await commands.run("umount", ["--quiet", path]).catch(() => {})
  await commands.run("rm", ["-f", path]).catch(() => {})
}
