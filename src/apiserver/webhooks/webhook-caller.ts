import type { CredentialsFor } from "./webhook-credentials.ts"

/** Whom to call, as admission configurations and CustomResourceDefinitions say it (`clientConfig`). */
export interface WebhookTarget {
  readonly url?: string | undefined
  readonly service?:
    | {
        readonly namespace: string
        readonly name: string
        readonly path?: string | undefined
        /** @default 443 */
        readonly port?: number | undefined
      }
    | undefined
  /** PEM in base64: whom to trust. @default the system's own authorities */
  readonly caBundle?: string | undefined
}

/**
 * Posts `body` as JSON and gives the object that was answered. Throws an Error whose message is what upstream puts behind
 * "failed to call webhook: ": `Post "https://...": dial tcp ...`, or the text of the Status that was answered. Rejects
 * likewise when `timeoutMs` have passed or `signal` aborts.
 *
 * @param credentialsFor what the webhook is shown. @default nothing
 */
export type WebhookCaller = (
  target: WebhookTarget,
  body: object,
  timeoutMs: number,
  signal: AbortSignal,
  credentialsFor?: CredentialsFor,
) => Promise<object>

/** One request over the network; real/send-webhook.ts. */
export type WebhookTransport = (request: WebhookRequest) => Promise<WebhookAnswer>

export interface WebhookRequest {
  readonly url: URL
  /** Where to connect instead of the URL's host; the certificate must still be that of the URL's host. */
  readonly connectTo?: { readonly host: string; readonly port: number }
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body: Uint8Array
  readonly tls: {
    readonly caPem?: string
    /** How to prove who we are. */
    readonly certificatePem?: string
    readonly keyPem?: string
    readonly insecureSkipVerify?: boolean
  }
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface WebhookAnswer {
  readonly status: number
  readonly body: Uint8Array
}
