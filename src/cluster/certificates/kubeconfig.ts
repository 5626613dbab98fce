import { readFileSync } from "node:fs"
import { parseYaml } from "../../apimachinery/codec/yaml.ts"
import { type KeyPair, writeSecretly } from "./key-pair-files.ts"

/** One way into one cluster. */
export interface KubeconfigEntry {
  /** Names the cluster and the context: "coracle". */
  readonly name: string
  /** "https://127.0.0.1:6443" */
  readonly server: string
  readonly authorityPem: string
  /** Names the credentials: "coracle-admin". */
  readonly user: string
  readonly client: Pick<KeyPair, "certificatePem" | "keyPem">
  readonly namespace?: string
}

interface Named {
  readonly name: string
}

interface Kubeconfig {
  clusters?: Named[] | null
  contexts?: Named[] | null
  users?: Named[] | null
  "current-context"?: string
  [other: string]: unknown
}

/** The kubeconfig with nothing but this entry, as JSON, which is YAML. */
export function kubeconfig(entry: KubeconfigEntry): Kubeconfig {
  const base64 = (text: string) => Buffer.from(text).toString("base64")
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: entry.name,
        cluster: { "certificate-authority-data": base64(entry.authorityPem), server: entry.server },
      } as Named,
    ],
    contexts: [
      {
        name: entry.name,
        context: {
          cluster: entry.name,
          ...(entry.namespace && { namespace: entry.namespace }),
          user: entry.user,
        },
      } as Named,
    ],
    "current-context": entry.name,
    preferences: {},
    users: [
      {
        name: entry.user,
        user: {
          "client-certificate-data": base64(entry.client.certificatePem),
          "client-key-data": base64(entry.client.keyPem),
        },
      } as Named,
    ],
  }
}

/** A kubeconfig that says where a cluster is and how to recognize it, and nothing of any user. */
export function clusterKubeconfig({
  server,
  authorityPem,
}: Pick<KubeconfigEntry, "server" | "authorityPem">): string {
  const cluster = { "certificate-authority-data": Buffer.from(authorityPem).toString("base64"), server }
  return toYaml({ apiVersion: "v1", kind: "Config", clusters: [{ name: "", cluster }] })
}

/** The authority of a kubeconfig's only cluster, in PEM. Throws when it has none. */
export function parseKubeconfigAuthority(text: string): string {
  const data = onlyCluster(text)["certificate-authority-data"]
  if (!data) throw new Error("the cluster's info names no certificate authority")
  return Buffer.from(data, "base64").toString()
}

/** Where a kubeconfig's only cluster is. Throws when it does not say. */
export function parseKubeconfigServer(text: string): string {
  const { server } = onlyCluster(text)
  if (!server) throw new Error("the cluster's info names no server")
  return server
}

function onlyCluster(text: string): Readonly<Record<string, string | undefined>> {
  const { clusters } = parseYaml(text) as { clusters?: { cluster?: Record<string, string> }[] }
  return clusters?.[0]?.cluster ?? {}
}

/** Writes a kubeconfig of its own, mode 0600. */
export function writeKubeconfig(path: string, entry: KubeconfigEntry): void {
  writeSecretly(path, toYaml(kubeconfig(entry)))
}

/**
 * Puts the entry into a kubeconfig that people use for other clusters too: entries of the same name are replaced, all
 * others and everything else in the file stay. The context becomes the current one.
 */
export async function mergeKubeconfig(path: string, entry: KubeconfigEntry): Promise<void> {
  const { existing, dump } = await readKubeconfig(path)
  const added = kubeconfig(entry)
  const merged: Kubeconfig = { ...added, ...existing, "current-context": entry.name }
  for (const list of ["clusters", "contexts", "users"] as const)
    merged[list] = replaceByName(existing[list], added[list])
  writeSecretly(path, dump(merged))
}

/** Takes the entry out again, as `down` and `reset` do. Without that entry the file is left alone. */
export async function removeFromKubeconfig(path: string, name: string, user: string): Promise<void> {
  const { existing, dump } = await readKubeconfig(path)
  if (!existing.clusters?.some((cluster) => cluster.name === name)) return
  const without = (list: Named[] | null | undefined, gone: string) =>
    (list ?? []).filter((entry) => entry.name !== gone)
  const rest: Kubeconfig = {
    ...existing,
    clusters: without(existing.clusters, name),
    contexts: without(existing.contexts, name),
    users: without(existing.users, user),
  }
  if (rest["current-context"] === name) rest["current-context"] = rest.contexts?.[0]?.name ?? ""
  writeSecretly(path, dump(rest))
}

function replaceByName(existing: Named[] | null | undefined, added: Named[] | null | undefined): Named[] {
  const names = new Set(added?.map(({ name }) => name))
  return [...(existing ?? []).filter(({ name }) => !names.has(name)), ...(added ?? [])]
}

// js-yaml is loaded here alone: a start that only writes its own kubeconfig does without it.
async function readKubeconfig(
  path: string,
): Promise<{ existing: Kubeconfig; dump: (value: unknown) => string }> {
  const { load, dump } = await import("js-yaml")
  let text = ""
  try {
    text = readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
  }
  // js-yaml 5 refuses an empty document.
  const existing = text.trim() === "" ? {} : ((load(text) ?? {}) as Kubeconfig)
  if (typeof existing !== "object")
    throw new Error(`${path} is not a kubeconfig: move it away or choose another with --kubeconfig`)
  return { existing, dump }
}

/** Block style YAML of maps, lists of maps and plain strings: what a kubeconfig consists of. */
function toYaml(value: unknown, indent = ""): string {
  if (Array.isArray(value))
    return value.map((item) => `${indent}- ${toYaml(item, `${indent}  `).trimStart()}`).join("")
  const lines = Object.entries(value as object).map(([key, child]) => {
    if (typeof child !== "object") return `${indent}${key}: ${scalar(String(child))}\n`
    if (Object.keys(child as object).length === 0) return `${indent}${key}: {}\n`
    return `${indent}${key}:\n${toYaml(child, Array.isArray(child) ? indent : `${indent}  `)}`
  })
  return lines.join("")
}

function scalar(text: string): string {
  return /^[A-Za-z0-9+/][\w+/=.:-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|[\d.]+)$/i.test(text)
    ? text
    : JSON.stringify(text)
}
