import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import type { Connection } from "./connection.ts"

/**
 * The file that says where clusters are and who we are there
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/). Reading lives here; writing
 * is the business of who makes clusters.
 */
export interface Kubeconfig {
  readonly clusters: readonly NamedCluster[]
  readonly contexts: readonly NamedContext[]
  readonly users: readonly NamedUser[]
  readonly currentContext: string
}

/** Each entry knows the file it came from: relative paths in it are relative to that file. */
interface Named {
  readonly name: string
  readonly directory: string
}

export interface NamedCluster extends Named {
  readonly cluster: Readonly<Record<string, unknown>>
}
export interface NamedContext extends Named {
  readonly context: { readonly cluster?: string; readonly user?: string; readonly namespace?: string }
}
export interface NamedUser extends Named {
  readonly user: Readonly<Record<string, unknown>>
}

/** What a context leads to. */
export interface ResolvedContext {
  readonly connection: Connection
  readonly namespace: string
}

/**
 * Reads and merges: of entries with the same name, and of the current context, the first file's counts. Files that are
 * not there are skipped, as in `$KUBECONFIG`; a file that is not a kubeconfig throws.
 */
export async function readKubeconfig(...paths: readonly string[]): Promise<Kubeconfig> {
  const files = (await Promise.all(paths.map(readFile))).filter((file) => file !== undefined)
  return {
    clusters: firstByName(files.flatMap((file) => file.clusters)),
    contexts: firstByName(files.flatMap((file) => file.contexts)),
    users: firstByName(files.flatMap((file) => file.users)),
    currentContext: files.find((file) => file.currentContext)?.currentContext ?? "",
  }
}

/** The connection of a context, or of the current one. Throws with what is missing. */
export function resolveContext(kubeconfig: Kubeconfig, contextName?: string): ResolvedContext {
  const name = contextName || kubeconfig.currentContext
  const context = kubeconfig.contexts.find((entry) => entry.name === name)?.context
  if (!context) throw new Error(name ? `context "${name}" does not exist` : "no current context is set")
  const cluster = kubeconfig.clusters.find((entry) => entry.name === context.cluster)
  if (!cluster) throw new Error(`cluster "${context.cluster}" of context "${name}" does not exist`)
  const user = kubeconfig.users.find((entry) => entry.name === context.user)
  if (context.user && !user) throw new Error(`user "${context.user}" of context "${name}" does not exist`)
  const connection = { ...clusterConnection(cluster), ...(user && userConnection(user)) }
  return { connection, namespace: context.namespace || "default" }
}

function clusterConnection(entry: NamedCluster): Connection {
  const { cluster } = entry
  const server = text(cluster["server"])
  if (!server) throw new Error(`cluster "${entry.name}" has no server`)
  return prune({
    server,
    certificateAuthority: data(entry, cluster, "certificate-authority"),
    insecureSkipTlsVerify: cluster["insecure-skip-tls-verify"] === true || undefined,
    tlsServerName: text(cluster["tls-server-name"]),
  })
}

/** What a user's entry adds to a connection. Throws where a plugin would have to be asked. */
export function userConnection(entry: NamedUser): Omit<Connection, "server"> {
  const { user } = entry
  if (user["exec"] || user["auth-provider"])
    throw new Error(`user "${entry.name}" gets its credentials from a plugin, which is not supported`)
  const tokenFile = text(user["tokenFile"])
  const as = text(user["as"])
  return prune({
    clientCertificate: data(entry, user, "client-certificate"),
    clientKey: data(entry, user, "client-key"),
    // Read anew each time: mounted tokens are rotated.
    token: tokenFile
      ? () => readFileSync(resolve(entry.directory, tokenFile), "utf8").trim()
      : text(user["token"]),
    username: text(user["username"]),
    password: text(user["password"]),
    impersonate: as
      ? prune({ user: as, groups: user["as-groups"] as string[], uid: text(user["as-uid"]) })
      : undefined,
  })
}

/** `client-key-data` holds the PEM itself in base64, `client-key` the path of a file that does. */
function data(entry: Named, fields: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const inline = text(fields[`${name}-data`])
  if (inline) return Buffer.from(inline, "base64").toString("utf8")
  const path = text(fields[name])
  return path && readFileSync(resolve(entry.directory, path), "utf8")
}

async function readFile(path: string): Promise<Kubeconfig | undefined> {
  let content: string
  try {
    content = readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
  const parsed = await parse(content, path)
  const directory = dirname(resolve(path))
  const list = <T>(key: string) =>
    ((parsed[key] ?? []) as object[]).map((entry) => ({ ...entry, directory }) as T)
  return {
    clusters: list("clusters"),
    contexts: list("contexts"),
    users: list("users"),
    currentContext: text(parsed["current-context"]) ?? "",
  }
}

async function parse(content: string, path: string): Promise<Record<string, unknown>> {
  if (content.trim() === "") return {}
  // Loaded only when there is something to read: importing it costs a start-up more than the file does.
  const { load } = await import("js-yaml")
  const parsed = load(content)
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new Error(`${path} is not a kubeconfig`)
  return parsed as Record<string, unknown>
}

function firstByName<T extends Named>(entries: readonly T[]): T[] {
  const seen = new Map<string, T>()
  for (const entry of entries) if (!seen.has(entry.name)) seen.set(entry.name, entry)
  return Array.from(seen.values())
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined
}

type Pruned<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function prune<T extends object>(value: T): Pruned<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Pruned<T>
}
