import { encodeYaml } from "./codec/yaml-emitter.ts"
import { StatusError } from "./status-error.ts"
import { formatTime } from "./time.ts"

/**
 * `/statusz` and `/flagz`: how a component runs and what it was told at its start, for people in text, for programs that ask
 * for it as an object (https://kep.k8s.io/4827, https://kep.k8s.io/4828).
 */
export interface ComponentFacts {
  /** "kubelet". */
  readonly component: string
  readonly startedAtMs: number
  /** What it runs on: "node v20.19.4". */
  readonly platform: string
  /** Other pages of it that may be read. */
  readonly paths: readonly string[]
  /** By name, without the dashes. */
  readonly flags: Readonly<Record<string, string>>
}

export interface ComponentPage {
  readonly code: number
  readonly contentType: string
  readonly text: string
  /** For the header of this name. */
  readonly warning?: string
}

const version = "1.36"
const group = "config.k8s.io"
const accepted = ["application/json", "application/yaml", "text/plain"]
// Parts of the API, which are no pages to read.
const unlisted = new Set(["/apis", "/api", "/openid", "/openapi", "/.well-known"])

/** Undefined for other paths. `accept` is the header of the request. */
export function componentPage(
  path: string,
  accept: string | undefined,
  facts: ComponentFacts,
  nowMs: number,
): ComponentPage | undefined {
  if (path !== "/statusz" && path !== "/flagz") return undefined
  const wanted = negotiate(accept, path === "/statusz" ? "Statusz" : "Flagz")
  if (!wanted) {
    const why = `only the following media types are accepted: ${accepted.join(", ")}`
    const status = new StatusError("NotAcceptable", why).toStatus()
    return { code: 406, contentType: "application/json", text: JSON.stringify(status) }
  }
  const content = path === "/statusz" ? status(facts, nowMs) : { flags: sortedFlags(facts) }
  if (wanted.mediaType === "text/plain") {
    const text = "flags" in content ? flagLines(content.flags) : statusLines(content)
    return { code: 200, contentType: "text/plain; charset=utf-8", text: heading(facts, path) + text }
  }
  const object = {
    kind: wanted.kind,
    apiVersion: `${group}/${wanted.version}`,
    metadata: { name: facts.component },
    ...content,
  }
  const isYaml = wanted.mediaType === "application/yaml"
  return {
    code: 200,
    contentType: wanted.mediaType,
    text: isYaml ? encodeYaml(object) : `${JSON.stringify(object)}\n`,
    ...(wanted.version === "v1alpha1" && {
      warning: `299 - "This version of the ${path.slice(1)} endpoint is deprecated. Please use a newer version."`,
    }),
  }
}

interface Wanted {
  readonly mediaType: string
  readonly kind: string
  readonly version: string
}

/** Text to whoever does not say which object: "application/json;v=v1beta1;g=config.k8s.io;as=Statusz". */
function negotiate(accept: string | undefined, kind: string): Wanted | undefined {
  const text: Wanted = { mediaType: "text/plain", kind, version: "" }
  if (!accept?.trim()) return text
  for (const clause of byQuality(accept)) {
    const [type = "", ...parameters] = clause.split(";").map((each) => each.trim())
    const asked = new URLSearchParams(parameters.join("&"))
    const isObject = asked.has("as") || asked.has("g") || asked.has("v")
    if (!isObject && ["text/plain", "text/*", "*/*"].includes(type)) return text
    const mediaType = type === "*/*" || type === "application/*" ? "application/json" : type
    const isKnown = asked.get("g") === group && asked.get("as") === kind
    const asVersion = asked.get("v") ?? ""
    if (!isKnown || !["v1alpha1", "v1beta1"].includes(asVersion)) continue
    if (mediaType !== "text/plain" && accepted.includes(mediaType))
      return { mediaType, kind, version: asVersion }
  }
  return undefined
}

function byQuality(accept: string): readonly string[] {
  const quality = (clause: string) => Number(/;\s*q=([\d.]+)/.exec(clause)?.[1] ?? 1)
  return accept.split(",").toSorted((a, b) => quality(b) - quality(a))
}

function status({ startedAtMs, platform, paths }: ComponentFacts, nowMs: number) {
  const roots = paths.map((path) => `/${path.split("/")[1] ?? ""}`)
  return {
    startTime: formatTime(startedAtMs),
    uptimeSeconds: Math.max(0, Math.floor((nowMs - startedAtMs) / 1000)),
    goVersion: platform,
    binaryVersion: `${version}.0`,
    emulationVersion: version,
    paths: [...new Set(roots)].filter((root) => root !== "/" && !unlisted.has(root)).sort(),
  }
}

function heading({ component }: ComponentFacts, path: string): string {
  return `
${component} ${path.slice(1)}
Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.
`
}

function statusLines(content: ReturnType<typeof status>): string {
  const { uptimeSeconds: up } = content
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0")
  return `
Started: ${unixDate(content.startTime)}
Up: ${Math.floor(up / 3600)} hr ${two((up / 60) % 60)} min ${two(up % 60)} sec
Go version: ${content.goVersion}
Binary version: ${content.binaryVersion}
Emulation version: ${content.emulationVersion}
Paths: ${content.paths.join(" ")}
`
}

/** "Mon Jan _2 15:04:05 UTC 2006" */
function unixDate(time: string): string {
  const [day = "", date = "", month = "", year = "", clock = ""] = new Date(time).toUTCString().split(/,? /)
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${clock} UTC ${year}`
}

function sortedFlags({ flags }: ComponentFacts): Record<string, string> {
  return Object.fromEntries(Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function flagLines(flags: Readonly<Record<string, string>>): string {
  return Object.entries(flags)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")
}
