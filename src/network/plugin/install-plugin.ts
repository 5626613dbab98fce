import { chmod, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { loopbackScript, pluginConfig, pluginScript } from "./plugin-scripts.ts"

export interface PluginDirectories {
  readonly cniConfigDirectory: string
  readonly cniBinaryDirectory: string
}

/** The configuration comes last: while it is missing the runtime says that the node's network is not ready. */
export async function installPlugin(
  { cniConfigDirectory, cniBinaryDirectory }: PluginDirectories,
  plansDirectory: string,
): Promise<void> {
  await mkdir(cniConfigDirectory, { recursive: true })
  await mkdir(cniBinaryDirectory, { recursive: true })
  await writeProgram(join(cniBinaryDirectory, "coracle"), pluginScript(plansDirectory))
  await writeProgram(join(cniBinaryDirectory, "loopback"), loopbackScript)
  await writeFile(join(cniConfigDirectory, pluginConfig.fileName), pluginConfig.content)
}

async function writeProgram(path: string, content: string): Promise<void> {
  await writeFile(path, content)
  await chmod(path, 0o755)
}
