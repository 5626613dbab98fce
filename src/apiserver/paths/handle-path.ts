import { noSuchMethod } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { respondPlain } from "../encoding/respond-plain.ts"
import { plainJson } from "../encoding/output-format.ts"
import { headerOf } from "../http/request.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import { answerHealth, answerMetrics } from "./health.ts"
import { answerPage } from "./pages.ts"

/** Gives the answer to a GET. */
export type ExtraPath = (query: URLSearchParams, accept: string) => Promise<ServerResponse>

/** Answers `/debug/pprof/NAME`; the signal aborts when the caller has gone. */
export type ProfilePath = (
  name: string,
  query: URLSearchParams,
  signal: AbortSignal,
) => Promise<ServerResponse>

/**
 * Paths that are not about resources. Undefined: there is no such path. As upstream, what a group's own service answers is
 * for GET alone; what is told by whoever holds everything together does not look at the method.
 */
export async function handlePath(context: RequestContext): Promise<ServerResponse | undefined> {
  const { info, request } = context
  const parts = info.path.split("/").filter((part) => part !== "")
  const [first = "", second, ...rest] = parts
  const answered = await answerPath(context, parts)
  if (!answered) return undefined
  const isGetOnly =
    first === "api" || first === "version" || first.startsWith(".") || (first === "apis" && rest.length > 0)
  const isIssuer = first === "openid" && second !== undefined
  if ((isGetOnly || isIssuer) && request.method !== "GET") throw noSuchMethod()
  return answered
}

async function answerPath(
  context: RequestContext,
  parts: readonly string[],
): Promise<ServerResponse | undefined> {
  const { info, server } = context
  const [first = "", second, ...rest] = parts
  const endsInSlash = info.path.endsWith("/")
  switch (first) {
    case "":
      return respondPlain({ format: plainJson }, 200, { paths: pathsOf(context) }, undefined)
    case "api":
    case "apis":
      return server.discovery.answer(context, parts)
    case "version":
      if (second !== undefined) return undefined
      return respondPlain({ format: { media: "json", pretty: true } }, 200, server.version, undefined)
  }
  if (first === "debug" && second === "pprof") return answerProfile(context, rest.join("/"))
  if (endsInSlash) return undefined
  if (first === "openapi" && second !== undefined) return server.openApi.answer(context, parts.slice(1))
  const health = await answerHealth(context, parts)
  if (health) return health
  if (first === "metrics") return answerMetrics(context, parts.slice(1))
  if (first === "debug" && second !== undefined) return answerPage(context, [second, ...rest])
  const extra = server.extraPaths[info.path]
  if (extra) {
    if (context.request.method !== "GET") throw noSuchMethod()
    return extra(context.request.query, headerOf(context.request.headers, "accept"))
  }
  return answerDocument(context)
}

/** Undefined where this server does not tell of itself so. */
async function answerProfile(
  { info, server, request }: RequestContext,
  name: string,
): Promise<ServerResponse | undefined> {
  if (!server.profile) return undefined
  const base = "/debug/pprof"
  if (info.path !== base) return server.profile(name, request.query, request.signal)
  return textResponse(302, "", { location: `${base}/` })
}

/** How others check our ServiceAccounts' tokens. */
function answerDocument({ info, server }: RequestContext): ServerResponse | undefined {
  const document = server.documents?.find(({ path }) => path === info.path)
  if (!document) return undefined
  const bytes = new TextEncoder().encode(JSON.stringify(document.body))
  return {
    status: 200,
    headers: { "content-type": document.contentType, "cache-control": document.cacheControl },
    body: { kind: "bytes", bytes },
  }
}

function pathsOf({ server }: RequestContext): string[] {
  const paths = new Set([
    "/api",
    "/apis",
    "/metrics",
    "/metrics/slis",
    "/openapi/v2",
    "/openapi/v3",
    "/version",
  ])
  for (const { resource } of server.resources.all()) {
    const { group, version } = resource
    if (group === "") paths.add(`/api/${version}`)
    else paths.add(`/apis/${group}`).add(`/apis/${group}/${version}`)
  }
  for (const probe of ["healthz", "livez", "readyz"] as const) {
    paths.add(`/${probe}`)
    for (const check of server.healthChecks)
      if (check.of.includes(probe)) paths.add(`/${probe}/${check.name}`)
  }
  for (const path of Object.keys(server.extraPaths)) paths.add(path)
  for (const { path } of server.documents ?? []) paths.add(path)
  return [...paths].sort()
}
