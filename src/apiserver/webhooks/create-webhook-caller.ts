import { encodeJsonBytes, parseJson } from "../../apimachinery/codec/json.ts"
import { isRecord } from "../../apimachinery/schema-plan.ts"
import { type Status, StatusError } from "../../apimachinery/status-error.ts"
import { genericFailure } from "../../apimachinery/status-errors.ts"
import { decodeBase64 } from "../../base/base64.ts"
import { formatDuration } from "../../apimachinery/duration.ts"
import type { ServiceAddress, ServiceReference } from "../services/resolve-service.ts"
import type { WebhookCaller, WebhookRequest, WebhookTarget, WebhookTransport } from "./webhook-caller.ts"
import type { WebhookCredentials } from "./webhook-credentials.ts"
import { messageOf } from "../../base/message-of.ts"

export interface WebhookCallerOptions {
  readonly transport: WebhookTransport
  /** Throws when there is nothing to reach. */
  readonly resolve: (service: ServiceReference) => ServiceAddress
}

/** Calls webhooks as upstream's clients do: the timeout is told in the query, a failure in their words. */
export function createWebhookCaller({ transport, resolve }: WebhookCallerOptions): WebhookCaller {
  return async (target, body, timeoutMs, signal, credentialsFor) => {
    const url = urlOf(target)
    // Upstream's client keeps nothing of a configured query, and cleans the path: no empty parts, no slash at the end.
    url.pathname = url.pathname.split("/").filter(Boolean).join("/")
    url.search = `timeout=${formatDuration(timeoutMs)}`
    const caPem = target.caBundle ? new TextDecoder().decode(decodeBase64(target.caBundle)).trim() : ""
    const credentials = credentialsFor?.(...serverOf(target, url))
    const headers = await credentials?.headers()
    const answer = await posting(url, async () =>
      transport({
        url,
        ...(target.service && { connectTo: resolve(referenceTo(target.service)) }),
        body: encodeJsonBytes(body),
        ...(headers && { headers }),
        tls: { ...(caPem !== "" && { caPem }), ...certificateOf(credentials) },
        timeoutMs,
        signal,
      }),
    )
    return readAnswer(answer.status, answer.body)
  }
}

type ServiceTarget = NonNullable<WebhookTarget["service"]>

function referenceTo({ namespace, name, port = 443 }: ServiceTarget): ServiceReference {
  return { namespace, name, port }
}

function urlOf({ url, service }: WebhookTarget): URL {
  if (service) {
    const { namespace, name, path = "", port = 443 } = service
    return new URL(`https://${name}.${namespace}.svc:${port}${path.startsWith("/") ? "" : "/"}${path}`)
  }
  if (url === undefined) throw new Error("webhook configuration must have either service or URL")
  if (!URL.canParse(url)) throw new Error(`Unparsable URL: parse "${url}": invalid URL`)
  return new URL(url)
}

function serverOf({ service }: WebhookTarget, url: URL): [host: string, port: number] {
  if (service) return [`${service.name}.${service.namespace}.svc`, service.port ?? 443]
  return [url.hostname, url.port === "" ? 443 : Number(url.port)]
}

function certificateOf({
  certificatePem,
  keyPem,
}: Partial<WebhookCredentials> = {}): Partial<WebhookRequest["tls"]> {
  return { ...(certificatePem && { certificatePem }), ...(keyPem && { keyPem }) }
}

/** The address as upstream prints it: Services with their port, though it is the usual one. */
function addressOf(url: URL): string {
  const isService = url.port === "" && url.hostname.endsWith(".svc")
  return isService ? url.href.replace(url.host, `${url.host}:443`) : url.href
}

async function posting<T>(url: URL, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const why = messageOf(error)
    throw new Error(`Post "${addressOf(url)}": ${why}`, { cause: error })
  }
}

function readAnswer(status: number, body: Uint8Array): object {
  const value = parsed(body)
  if (status >= 200 && status < 300) {
    if (value instanceof Error)
      throw new Error(`couldn't get version/kind; json parse error: ${value.message}`)
    if (isRecord(value)) return value
    throw new Error("couldn't get version/kind; json parse error: json: cannot unmarshal into an object")
  }
  if (isRecord(value) && value["kind"] === "Status" && value["status"] === "Failure")
    throw StatusError.fromStatus(value as unknown as Status)
  throw genericFailure(status, new TextDecoder().decode(body).trim())
}

function parsed(body: Uint8Array): unknown {
  try {
    return parseJson(body)
  } catch (error) {
    return error
  }
}
