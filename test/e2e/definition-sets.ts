import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { fetchWith } from "./fetch-with.ts"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const cache = join(root, ".cache/definitions")

/** CustomResourceDefinitions in files, and what of them differs between ours and those of real projects. */
export interface DefinitionSet {
  readonly directories: readonly string[]
  /** API groups of their kinds. */
  readonly gateway: string
  readonly certificates: string
  readonly monitoring: string
  /** What is said of a filter that redirects nowhere. */
  readonly redirectMessage: string
}

export const compactSet: DefinitionSet = {
  directories: ["gateway", "certificates", "monitoring"].map((name) =>
    join(root, "test/fixtures/definitions", name),
  ),
  gateway: "gateway.example.com",
  certificates: "certificates.example.com",
  monitoring: "monitoring.example.com",
  redirectMessage: "requestRedirect must be there",
}

/** Go modules that carry the definitions of their project. */
const modules = [
  ["sigs.k8s.io/gateway-api@v1.3.0", "config/crd/standard"],
  ["github.com/cert-manager/cert-manager@v1.18.2", "deploy/crds"],
  ["github.com/prometheus-operator/prometheus-operator@v0.83.0", "example/prometheus-operator-crd"],
] as const

/** Those of Gateway API, cert-manager and the Prometheus operator, got once; or why they cannot be had. */
export function realSet(): DefinitionSet | { readonly missing: string } {
  try {
    return {
      directories: modules.map(([module, folder]) => fetchDefinitions(module, folder)),
      gateway: "gateway.networking.k8s.io",
      certificates: "cert-manager.io",
      monitoring: "monitoring.coreos.com",
      redirectMessage: "filter.requestRedirect must be specified for RequestRedirect filter.type",
    }
  } catch (error) {
    return { missing: (error as Error).message.split("\n")[0]! }
  }
}

function fetchDefinitions(module: string, folder: string): string {
  const directory = join(cache, module.replaceAll("/", "_"))
  if (existsSync(directory)) return directory
  const unfinished = `${directory}.part`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  const output = fetchWith("go", ["mod", "download", "-json", module], { cwd: unfinished, timeout: 120_000 })
  const source = join((JSON.parse(output) as { Dir: string }).Dir, folder)
  for (const name of readdirSync(source)) {
    if (!name.endsWith(".yaml") || name === "kustomization.yaml") continue
    copyFileSync(join(source, name), join(unfinished, name))
    withoutTemplates(join(unfinished, name))
  }
  renameSync(unfinished, directory)
  return directory
}

/** Some are templates of a chart, whose labels are filled in by it. */
function withoutTemplates(path: string): void {
  const text = readFileSync(path, "utf8")
  const plain = text.replace(/'\{\{[^']*\}\}'/g, "template")
  if (plain === text) return
  rmSync(path)
  writeFileSync(path, plain)
}
