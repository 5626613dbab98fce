import { StatusError } from "../apimachinery/status-error.ts"
import type { Clock } from "../base/clock.ts"
import { Counter, Histogram, type Metric } from "../base/metrics.ts"
import type { ApiRequest, Transport } from "./transport.ts"

const durationBounds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

/** Requests to the API server, under client-go's names. */
export class RestClientMetrics implements Metric {
  readonly #requests = new Counter({
    name: "rest_client_requests_total",
    help: "[ALPHA] Number of HTTP requests, partitioned by status code, method, and host.",
    labels: ["code", "method", "host"],
  })
  readonly #durations = new Histogram(
    {
      name: "rest_client_request_duration_seconds",
      help: "[ALPHA] Request latency in seconds. Broken down by verb, and host.",
      labels: ["verb", "host"],
    },
    durationBounds,
  )
  readonly #host: string

  /** @param host "10.0.0.1:6443"; "" for a server of the same process */
  constructor(host: string) {
    this.#host = host
  }

  /** @param code "200", or "<error>" where there was no answer */
  answered(method: string, code: string): void {
    this.#requests.add(1, code, method, this.#host)
  }

  took(method: string, seconds: number): void {
    this.#durations.observe(seconds, method, this.#host)
  }

  write(lines: string[]): void {
    this.#durations.write(lines)
    this.#requests.write(lines)
  }
}

/** The code that an error tells of. */
export function codeOfError(error: unknown): string {
  return error instanceof StatusError ? String(error.code) : "<error>"
}

/** The same road; every request on it is counted. */
export function measuredTransport<T extends Transport>(
  transport: T,
  metrics: RestClientMetrics,
  clock: Clock,
): T {
  async function counted<R>(
    { method }: ApiRequest,
    isTimed: boolean,
    send: () => Promise<R>,
    codeOf: (answer: R) => string,
  ): Promise<R> {
    const beganMs = clock.monotonic()
    try {
      const answer = await send()
      metrics.answered(method, codeOf(answer))
      return answer
    } catch (error) {
      metrics.answered(method, codeOfError(error))
      throw error
    } finally {
      if (isTimed) metrics.took(method, (clock.monotonic() - beganMs) / 1000)
    }
  }
  return {
    ...transport,
    request: (request) =>
      counted(
        request,
        true,
        () => transport.request(request),
        ({ status }) => String(status),
      ),
    watch: (request) =>
      counted(
        request,
        false,
        () => transport.watch(request),
        () => "200",
      ),
    stream: (request) =>
      counted(
        request,
        true,
        () => transport.stream(request),
        () => "200",
      ),
  }
}
