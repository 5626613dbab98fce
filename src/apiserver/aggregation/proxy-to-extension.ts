import { joinBytes } from "../../base/join-bytes.ts"
import type { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { encodeJsonBytes, parseJson } from "../../apimachinery/codec/json.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import type { RequestContext } from "../context.ts"
import { headerOf, type ServerRequest } from "../http/request.ts"
import { type ServerResponse, textResponse, type WatchFrame } from "../http/response.ts"
import { isAvailable } from "./api-services.ts"
import { extensionTarget } from "./extension-server.ts"

/** Passes a request on to the server that an APIService names, and its answer back; failures in upstream's plain texts. */
export async function proxyToExtension(
  context: RequestContext,
  apiService: APIService,
): Promise<ServerResponse> {
  const { server, request, user } = context
  const { backends, cache, random } = server
  if (!backends || !isAvailable(apiService)) return unavailable
  const query = request.query.toString()
  let target
  try {
    target = extensionTarget({ cache, random }, apiService, request.path + (query && `?${query}`), user)
  } catch {
    return unavailable
  }
  if (request.upgrade) {
    await backends.connect(request, target)
    return { status: 101, headers: {}, body: { kind: "upgraded" } }
  }
  const host = headerOf(request.headers, "host") || headerOf(request.headers, ":authority") || target.url.host
  try {
    const answer = await backends.forward(asBytes(request), target, { prefix: "", host })
    return request.user ? await asObjects(context, answer) : answer
  } catch (error) {
    if (isStatusError(error, "ServiceUnavailable")) return textResponse(503, `${error.message}\n`)
    throw error
  }
}

const unavailable = textResponse(503, "service unavailable\n")

/** What a component of this process hands over as an object travels as JSON. */
function asBytes(request: ServerRequest): ServerRequest {
  if (request.body.kind !== "object") return request
  const bytes = encodeJsonBytes(request.body.value)
  const contentType = headerOf(request.headers, "content-type") || "application/json"
  return {
    ...request,
    headers: { ...request.headers, "content-type": contentType, "content-length": String(bytes.length) },
    body: { kind: "bytes", read: () => Promise.resolve(bytes), stream: () => once(bytes) },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}

/** A component of this process takes objects: the answer is read for it. */
async function asObjects({ info }: RequestContext, answer: ServerResponse): Promise<ServerResponse> {
  const { body } = answer
  const isJson = headerOf(answer.headers, "content-type").startsWith("application/json")
  if (body.kind !== "stream" || !isJson) return answer
  if (info.verb === "watch") return { ...answer, body: { kind: "watch", batches: frames(body.chunks) } }
  const bytes = await collect(body.chunks)
  return { ...answer, body: { kind: "object", value: () => parseJson(bytes), encode: () => [bytes] } }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const chunk of chunks) pieces.push(chunk)
  return joinBytes(pieces)
}

async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly WatchFrame[], void, void> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    yield lines.filter((line) => line !== "").map(frameOf)
  }
}

function frameOf(line: string): WatchFrame {
  const { type, object } = parseJson(line) as { type: WatchFrame["type"]; object: unknown }
  return { type, object: () => object, encode: () => new TextEncoder().encode(`${line}\n`) }
}
