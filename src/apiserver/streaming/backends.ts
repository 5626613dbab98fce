import type { ServerResponse } from "../http/response.ts"
import type { ServerRequest } from "../http/request.ts"

/** A server behind this one: a node's kubelet, a pod, a Service's endpoint. */
export interface BackendTarget {
  /** "https://10.0.0.5:10250/exec/default/web/c?command=ls" */
  readonly url: URL
  /** Whether it is a kubelet, to whom we prove who we are, and from whom we expect the same. */
  readonly isKubelet: boolean
  /** A kubelet that takes WebSockets of all kinds by itself: they are passed on as they are. */
  readonly takesWebSockets?: boolean
  /** The kubelet's certificate is not looked at. */
  readonly insecure?: boolean
  /** An extension API server: it knows us by the certificate of the front proxy, and the user by what we say. */
  readonly extension?: {
    /** The name that its certificate must have. */
    readonly serverName: string
    /** Whom to trust. @default the system's own authorities */
    readonly caPem?: string
    readonly insecureSkipVerify?: boolean
    /** Beside those of the request, in lower case. */
    readonly headers: Readonly<Record<string, string | string[]>>
  }
}

/** Which streams of a command the client wants. */
export interface CommandStreamOptions {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** Where a proxied request seems to come from, and what its answer's links must lead to. */
export interface ProxiedOrigin {
  /** What of the path stands before the backend's own: "/api/v1/namespaces/a/services/web/proxy". */
  readonly prefix: string
  readonly host: string
}

/**
 * How the server reaches what is behind it; real/backends.ts over the network. Throws StatusError while the client has not
 * been answered. The functions that take an upgrade resolve when it has been answered, and go on by themselves.
 */
export interface Backends {
  /** exec and attach: a WebSocket of the newest kind becomes SPDY, everything else is passed on as it is. */
  connectCommand(request: ServerRequest, target: BackendTarget, options: CommandStreamOptions): Promise<void>
  /** port-forward: SPDY within a WebSocket is taken out of it, everything else is passed on as it is. */
  connectPortForward(request: ServerRequest, target: BackendTarget): Promise<void>
  /** Any upgrade, passed on as it is. */
  connect(request: ServerRequest, target: BackendTarget): Promise<void>
  /** An ordinary GET whose answer is passed on as it comes; for logs. */
  fetch(target: BackendTarget, signal: AbortSignal): Promise<BackendResponse>
  /** An ordinary request and its answer, passed on both ways. */
  forward(request: ServerRequest, target: BackendTarget, origin: ProxiedOrigin): Promise<ServerResponse>
}

export interface BackendResponse {
  readonly status: number
  readonly contentType: string
  readonly chunks: AsyncIterable<Uint8Array>
}
