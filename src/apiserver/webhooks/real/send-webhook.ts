import { Agent, type RequestOptions, request as httpsRequest } from "node:https"
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http"
import { describeNetworkError } from "../../../base/real/describe-network-error.ts"
import { describeTlsError } from "../../../base/real/describe-tls-error.ts"
import type { WebhookAnswer, WebhookRequest, WebhookTransport } from "../webhook-caller.ts"
import { trust } from "../../../base/real/trust.ts"

/** A list of everything of a kind may come back from a conversion. */
const maxAnswerBytes = 256 << 20

/**
 * Webhooks over HTTPS. Connections are kept for the next call to the same server with the same trust; no proxy is used.
 * Errors read as those of Go's network library.
 */
export function createWebhookTransport(): WebhookTransport {
  const agent = new Agent({ keepAlive: true, maxSockets: 100, timeout: 90_000 })
  return (request) => sendWebhook(agent, request)
}

async function sendWebhook(agent: Agent, request: WebhookRequest): Promise<WebhookAnswer> {
  const { url, timeoutMs, signal } = request
  if (url.protocol !== "https:") throw new Error(`unsupported protocol scheme "${url.protocol.slice(0, -1)}"`)
  const deadline = AbortSignal.timeout(timeoutMs)
  const bothSignals = AbortSignal.any([signal, deadline])
  const address = addressOf(request)
  try {
    return await exchange(optionsFor(request, agent, bothSignals), request.body, true)
  } catch (error) {
    if (deadline.aborted) throw new Error("context deadline exceeded", { cause: error })
    if (signal.aborted) throw new Error("context canceled", { cause: error })
    const failure = error as NodeJS.ErrnoException
    const tls = describeTlsError(failure, url.hostname)
    throw new Error(tls ?? describeNetworkError(failure, address.host, address.port), { cause: error })
  }
}

function addressOf({ url, connectTo }: WebhookRequest): { host: string; port: number } {
  const host = url.hostname.replace(/^\[|\]$/g, "")
  return connectTo ?? { host, port: url.port === "" ? 443 : Number(url.port) }
}

function optionsFor(request: WebhookRequest, agent: Agent, signal: AbortSignal): RequestOptions {
  const { url, headers, tls, body } = request
  const { caPem, certificatePem, keyPem, insecureSkipVerify } = tls
  const name = url.hostname.replace(/^\[|\]$/g, "")
  return {
    ...addressOf(request),
    path: url.pathname + url.search,
    method: "POST",
    agent,
    signal,
    headers: {
      ...(headers as OutgoingHttpHeaders | undefined),
      host: url.host,
      "content-type": "application/json",
      accept: "application/json, */*",
      "content-length": body.length,
    },
    // An address is no name to ask for: Node.js then checks the certificate for the address.
    ...(request.connectTo && { servername: name }),
    ...(caPem !== undefined && trust(caPem)),
    ...(certificatePem !== undefined && { cert: certificatePem }),
    ...(keyPem !== undefined && { key: keyPem }),
    ...(insecureSkipVerify && { rejectUnauthorized: false }),
  }
}

function exchange(options: RequestOptions, body: Uint8Array, mayRetry: boolean): Promise<WebhookAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(options, (response) => {
      readAll(response).then(
        (bytes) => resolve({ status: response.statusCode ?? 500, body: bytes }),
        (error: unknown) => {
          response.destroy()
          reject(error)
        },
      )
    })
    request.on("error", (error: NodeJS.ErrnoException) => {
      // The server ended a connection that we had kept, before it saw this request.
      if (!mayRetry || !request.reusedSocket || error.code !== "ECONNRESET") reject(error)
      else exchange(options, body, false).then(resolve, reject)
    })
    request.end(body)
  })
}

async function readAll(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxAnswerBytes) throw new Error(`the response is longer than ${maxAnswerBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
