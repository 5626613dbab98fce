/**
 * The road to the API server, in its narrowest form. Two implementations: HTTPS (a socket), and in-process, where the
 * very same server answers without a socket and without encoding: bodies and answers are handed over as frozen objects.
 */
export interface Transport {
  /**
   * One request, one answer. Throws StatusError for every answer that is not a success, and ConnectionError when there
   * was none.
   */
  request(request: ApiRequest): Promise<ApiResponse>
  /**
   * A watch: the events, decoded. Iteration ends when the server ends it; an ERROR event is thrown as StatusError.
   * Resolves once the server has accepted the watch.
   */
  watch(request: ApiRequest): Promise<AsyncIterable<RawWatchEvent>>
  /** The bytes of an answer as they come: logs, metrics. */
  stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>>
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** "/api/v1/namespaces/default/pods" */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** A JSON value. The caller must not change it afterwards: in-process it is handed over, not copied. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export interface ApiResponse {
  readonly status: number
  /** The decoded answer; in-process it is the server's own frozen object. */
  readonly body: unknown
}

export interface RawWatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK"
  readonly object: unknown
}

/** The server could not be reached, or the connection broke: whether a write was done is not known. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError"
  /** The system's word for it: "ECONNREFUSED". */
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
