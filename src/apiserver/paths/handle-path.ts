import type { RequestContext } from "../context.ts"
import { respondPlain } from "../encoding/respond-plain.ts"
import { plainJson } from "../encoding/output-format.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import { answerProbe, isProbe } from "./health.ts"

/** Paths that are not about resources. Undefined: there is no such path. */
export async function handlePath(context: RequestContext): Promise<ServerResponse | undefined> {
  const { info, server, request } = context
  if (request.method !== "GET" && request.method !== "HEAD") return undefined
  const parts = info.path.split("/").filter((part) => part !== "")
  const [first = "", second, ...rest] = parts
  if (first === "") return respondPlain({ format: plainJson }, 200, { paths: pathsOf(context) }, undefined)
  if (first === "api" || first === "apis") return server.discovery.answer(context, parts)
  if (first === "openapi" && second !== undefined) {
    const answered = await server.openApi.answer(context, parts.slice(1))
    if (answered) return answered
  }
  if (isProbe(first)) {
    const name = second === undefined ? undefined : [second, ...rest].join("/")
    return answerProbe(context, first, name, server.healthChecks)
  }
  if (first === "version" && second === undefined) {
    return respondPlain({ format: { media: "json", pretty: true } }, 200, server.version, undefined)
  }
  if (first === "metrics" && second === undefined) {
    return textResponse(200, server.metrics.format(), {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    })
  }
  return answerDocument(context)
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
  const paths = new Set(["/api", "/apis", "/metrics", "/openapi/v2", "/openapi/v3", "/version"])
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
  for (const { path } of server.documents ?? []) paths.add(path)
  return [...paths].sort()
}
