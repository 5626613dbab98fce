import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseYaml } from "../../../apimachinery/codec/yaml.ts"
import { type CdiSpec, planContainerEdits } from "../../dra/container-edits.ts"
import type { ContainerDevices } from "../../node-host.ts"

/** What lies in the second counts more: it is of this boot. */
const directories = ["/etc/cdi", "/var/run/cdi"]

/**
 * What a container needs in order to use devices, as their drivers have left it in files. Not left to the runtime, because
 * containerd before 1.7 knows nothing of it (docs/decisions/0135).
 */
export async function injectDevices(ids: readonly string[]): Promise<ContainerDevices> {
  return planContainerEdits(ids, ids.length > 0 ? await readSpecs() : [])
}

async function readSpecs(): Promise<CdiSpec[]> {
  const specs: CdiSpec[] = []
  for (const directory of directories) {
    const names = (await readdir(directory).catch(() => [])).filter((name) => /\.(json|yaml)$/.test(name))
    for (const name of names.sort()) {
      // One that is being written, or that is broken, is nobody else's trouble: its devices are not found.
      const text = await readFile(join(directory, name), "utf8").catch(() => "")
      const spec = parse(text)
      if (spec) specs.push(spec)
    }
  }
  return specs
}

function parse(text: string): CdiSpec | undefined {
  try {
    return parseYaml(text) as CdiSpec
  } catch {
    return undefined
  }
}
