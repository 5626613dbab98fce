import manifest from "../../../package.json" with { type: "json" }
import { apiLevel } from "../../apiserver/paths/version.ts"

/** `coracle version`: what this is, and which Kubernetes it is. */
export async function version(): Promise<number> {
  process.stdout.write(
    `coracle ${manifest.version}\nkubernetes ${apiLevel.gitVersion}\nnode.js ${process.version}\n`,
  )
  return 0
}
