import { createReadStream, type Dirent } from "node:fs"
import { lstat, readdir, realpath, stat } from "node:fs/promises"
import { execFile } from "node:child_process"
import { join, sep } from "node:path"
import { HttpProblem } from "./http-problem.ts"
import { type NodeLogQuery, parseNodeLogQuery } from "./node-log-query.ts"

export interface NodeLogPlaces {
  /** Upstream's is /var/log. */
  readonly directory: string
  /** Logs of the node's own services that lie elsewhere, by name: "kubelet". */
  readonly services: Readonly<Record<string, string>>
}

export type NodeLogAnswer =
  | { readonly kind: "text" | "page"; readonly text: string }
  | { readonly kind: "stream"; readonly chunks: AsyncIterable<Uint8Array> }

/**
 * GET /logs/: files of the machine's log directory, or with `?query=` the logs of services, from the journal or from files
 * (https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#log-query). Throws HttpProblem.
 */
export async function readNodeLogs(
  places: NodeLogPlaces,
  path: string,
  query: URLSearchParams,
): Promise<NodeLogAnswer> {
  const asked = parseNodeLogQuery(query)
  if (asked) return { kind: "stream", chunks: answerQuery(places, asked) }
  const found = await findInside(places.directory, path)
  if (!found) throw new HttpProblem(404, "404 page not found")
  const about = await stat(found)
  if (!about.isDirectory()) return { kind: "stream", chunks: createReadStream(found) }
  return { kind: "page", text: listing(await readdir(found, { withFileTypes: true })) }
}

/** As Go's file server shows a directory. */
function listing(entries: readonly Dirent[]): string {
  const lines = entries
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
    .map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>\n`)
  return `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join("")}</pre>\n`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&#34;")
}

/** The real path below `directory`, undefined for what is not there; links that lead out of it lead nowhere. */
async function findInside(directory: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(directory)
    const target = await realpath(join(root, path))
    return target === root || target.startsWith(root + sep) ? target : undefined
  } catch {
    return undefined
  }
}

async function* answerQuery(places: NodeLogPlaces, query: NodeLogQuery): AsyncGenerator<Uint8Array> {
  const say = (text: string) => new TextEncoder().encode(text)
  if (query.file !== undefined) {
    const found = await findInside(places.directory, query.file)
    if (!found || (await stat(found)).isDirectory()) return yield say(`\nlog not found for ${query.file}\n`)
    return yield* createReadStream(found)
  }
  const inFiles: string[] = []
  for (const service of query.services) {
    const journal = places.services[service] ? undefined : await readJournal(service, query)
    if (journal === undefined) inFiles.push(service)
    else yield journal
  }
  if (inFiles.length > 0 && query.hasOptions)
    return yield say(
      `\noptions present and query resolved to log files for [${inFiles.join(" ")}]\ntry without specifying options\n`,
    )
  for (const service of inFiles) {
    const found = await findServiceLog(places, service)
    if (found === undefined) yield say(`\nlog not found for ${service}\n`)
    else yield* createReadStream(found)
  }
}

/** SERVICE, SERVICE.log or SERVICE/SERVICE.log, the first that is a file. */
async function findServiceLog(places: NodeLogPlaces, service: string): Promise<string | undefined> {
  const own = places.services[service]
  if (own !== undefined && (await lstat(own).catch(() => undefined))?.isFile()) return own
  for (const name of [service, `${service}.log`, join(service, `${service}.log`)]) {
    const found = await findInside(places.directory, name)
    if (found && (await stat(found)).isFile()) return found
  }
  return undefined
}

const journalMs = 30_000
const journalBytes = 64 << 20

/** What systemd's journal has of a unit; undefined when it has nothing, or there is no journal. */
function readJournal(service: string, query: NodeLogQuery): Promise<Uint8Array | undefined> {
  const args = [
    "--utc",
    "--no-pager",
    "--output=short-precise",
    `--unit=${service}`,
    ...(query.since ? [`--since=${journalTime(query.since)}`] : []),
    ...(query.until ? [`--until=${journalTime(query.until)}`] : []),
    ...(query.tailLines === undefined ? [] : [`--lines=${query.tailLines}`]),
    ...(query.pattern ? [`--grep=${query.pattern}`] : []),
    ...(query.boot === undefined ? [] : ["--boot", String(query.boot)]),
  ]
  return new Promise((resolve) => {
    const options = { encoding: "buffer", timeout: journalMs, maxBuffer: journalBytes } as const
    execFile("journalctl", args, options, (error, stdout) => {
      const isEmpty = stdout.length === 0 || stdout.toString().startsWith("-- No entries --")
      resolve(error || isEmpty ? undefined : stdout)
    })
  })
}

function journalTime(time: Date): string {
  return time.toISOString().slice(0, 19).replace("T", " ")
}
