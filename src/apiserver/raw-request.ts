import type { UserInfo } from "./authentication/authenticator.ts"
import { neverAborts, noBody, type ServerRequest } from "./http/request.ts"
import type { ServerResponse } from "./http/response.ts"
import type { ApiServer } from "./server.ts"

// For tests: requests as they come over a wire, without one.

export interface RawRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: string | Uint8Array
  /** @default "application/json" */
  readonly contentType?: string
  readonly headers?: Record<string, string>
  /** @default a user named "tester" */
  readonly user?: UserInfo
}

export interface RawAnswer {
  readonly status: number
  readonly headers: ServerResponse["headers"]
  /** The encoded body. */
  readonly text: string
  /** The object behind it, as far as there is one. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever was answered
  readonly value: any
}

const tester: UserInfo = { name: "tester", groups: ["system:authenticated"], extra: {} }

/** Sends one request; for answers that end. */
export async function answerOf(
  server: Pick<ApiServer, "handle">,
  { method, path, body = "", contentType = "application/json", headers = {}, user = tester }: RawRequest,
): Promise<RawAnswer> {
  const [route = "", query = ""] = path.split("?")
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
  const request: ServerRequest = {
    method,
    path: route,
    query: new URLSearchParams(query),
    headers: { "content-type": contentType, ...headers },
    body: bytes.length === 0 ? noBody : { kind: "bytes", read: () => Promise.resolve(bytes) },
    user,
    signal: neverAborts,
  }
  const response = await server.handle(request)
  const text = await textOf(response)
  const value = response.body.kind === "object" ? response.body.value() : undefined
  return { status: response.status, headers: response.headers, text, value }
}

async function textOf({ body }: ServerResponse): Promise<string> {
  const decoder = new TextDecoder()
  let text = ""
  if (body.kind === "object")
    for (const piece of body.encode()) text += decoder.decode(piece, { stream: true })
  if (body.kind === "bytes") text = decoder.decode(body.bytes)
  if (body.kind === "stream") for await (const piece of body.chunks) text += decoder.decode(piece)
  if (body.kind === "watch") {
    for await (const batch of body.batches) for (const frame of batch) text += decoder.decode(frame.encode())
  }
  return text
}
