import { StatusError, type Status } from "../apimachinery/status-error.ts"
import { genericFailure } from "../apimachinery/status-errors.ts"
import type { ApiRequest, ApiResponse, RawWatchEvent, Transport } from "../client/transport.ts"
import type { UserInfo } from "./authentication/authenticator.ts"
import { type Headers, neverAborts, noBody, type ServerRequest } from "./http/request.ts"
import type { ServerResponse } from "./http/response.ts"
import type { WatchBody } from "./http/response.ts"

/**
 * The road for components of the same process: the same stages and handlers, but bodies and answers are handed over as
 * frozen objects and nothing is encoded.
 */
export function createInProcessTransport(
  handle: (request: ServerRequest) => Promise<ServerResponse>,
  user: UserInfo,
): Transport {
  const own: Headers = { "user-agent": programOf(user) }
  const send = async (request: ApiRequest): Promise<ServerResponse> => {
    const headers = request.headers ? { ...own, ...request.headers } : own
    const response = await handle(toServerRequest(request, user, headers))
    if (response.status >= 400) throw failureOf(response)
    return response
  }
  return {
    async request(request): Promise<ApiResponse> {
      const response = await send(request)
      return { status: response.status, body: valueOf(response) }
    },
    async watch(request) {
      const { body } = await send(request)
      if (body.kind !== "watch") throw new Error(`${request.path} answered a watch with ${body.kind}`)
      return events(body)
    },
    async stream(request) {
      const { body } = await send(request)
      if (body.kind === "stream") return body.chunks
      return once(body.kind === "bytes" ? [body.bytes] : body.kind === "object" ? body.encode() : [])
    },
  }
}

/** Under which name a component of this process owns the fields it writes, as if it were a program of its own. */
function programOf({ name }: UserInfo): string {
  if (name.startsWith("system:node:")) return "kubelet"
  if (name === "system:apiserver") return "kube-apiserver"
  if (name.startsWith("system:serviceaccount:kube-system:")) return "kube-controller-manager"
  return name.replace(/^system:/, "")
}

function toServerRequest(request: ApiRequest, user: UserInfo, headers: Headers): ServerRequest {
  return {
    method: request.method,
    path: request.path,
    query: new URLSearchParams(request.query),
    headers,
    body: request.body === undefined ? noBody : { kind: "object", value: request.body },
    user,
    signal: request.signal ?? neverAborts,
  }
}

function valueOf({ body }: ServerResponse): unknown {
  switch (body.kind) {
    case "object":
      return body.value()
    case "bytes":
      return new TextDecoder().decode(body.bytes)
    default:
      return undefined
  }
}

function failureOf(response: ServerResponse): StatusError {
  const value = valueOf(response)
  if (typeof value === "object" && value !== null && (value as Status).kind === "Status") {
    return StatusError.fromStatus(value as Status)
  }
  return genericFailure(response.status, typeof value === "string" ? value : "")
}

async function* events(body: WatchBody): AsyncGenerator<RawWatchEvent, void, void> {
  for await (const batch of body.batches) {
    for (const frame of batch) {
      if (frame.type === "ERROR") throw StatusError.fromStatus(frame.object() as Status)
      yield { type: frame.type, object: frame.object() }
    }
  }
}

async function* once(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield* chunks
}
