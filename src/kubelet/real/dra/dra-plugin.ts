import type { Clock } from "../../../base/clock.ts"
import type { Codec } from "../../../base/protobuf.ts"
import { connectGrpc, type GrpcChannel } from "../../../base/real/grpc/grpc-channel.ts"
import { isGrpcError } from "../../../base/grpc-error.ts"
import type { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import type { PreparedDevice } from "../../dra/plan-claims.ts"
import * as wire from "./dra-messages.ts"
import { HealthReport, Nothing, type ReportedHealth, watchMethod } from "./health-messages.ts"

export interface DraPluginOptions {
  readonly driver: string
  /** Its socket, as it has registered it. */
  readonly endpoint: string
  /** Where that is for us. */
  readonly socketPath: string
  /** Of `wire.services`: which of the interfaces that it serves is used. */
  readonly service: string
  readonly clock: Clock
  readonly metrics: Pick<KubeletMetrics, "driverOperationDuration">
  /** Whether it is there; told at first, and whenever that changes. */
  readonly changed: (connected: boolean) => void
}

/** As upstream: what takes longer is asked again. */
const timeoutMs = 45_000

/** One plugin of a driver on this node. */
export class DraPlugin {
  readonly endpoint: string
  readonly #options: DraPluginOptions
  readonly #service: string
  readonly #channel: GrpcChannel

  static async connect(options: DraPluginOptions): Promise<DraPlugin> {
    const channel = await connectGrpc(`unix:${options.socketPath}`, () => options.clock.now())
    channel.follow(options.changed)
    return new DraPlugin(options, channel)
  }

  private constructor(options: DraPluginOptions, channel: GrpcChannel) {
    this.#options = options
    this.endpoint = options.endpoint
    this.#service = wire.services[options.service]!
    this.#channel = channel
  }

  /** What containers need of each claim, by its uid. Throws, in upstream's words, when one is not ready. */
  async prepare(claims: readonly wire.Claim[]): Promise<ReadonlyMap<string, readonly PreparedDevice[]>> {
    const results = await this.#call("NodePrepareResources", claims, wire.PrepareResponse)
    return new Map(results.map(({ uid, result }) => [uid, result?.devices ?? []]))
  }

  /** The opposite; idempotent. */
  async unprepare(claims: readonly wire.Claim[]): Promise<void> {
    await this.#call("NodeUnprepareResources", claims, wire.UnprepareResponse)
  }

  async #call<T extends { error: string }>(
    method: string,
    claims: readonly wire.Claim[],
    answer: Codec<wire.Results<T>>,
  ): Promise<wire.Results<T>["claims"]> {
    const request: [typeof wire.ClaimsRequest, wire.ClaimsRequest] = [
      wire.ClaimsRequest,
      { claims: [...claims] },
    ]
    const name = `${this.#service}/${method}`
    const response = await this.#measured(
      name,
      this.#channel.unary(name, request, answer, { timeoutMs }),
    ).catch((error: Error) => {
      throw new Error(`${method}: ${error.message}`, { cause: error })
    })
    checkResults(method, claims, response)
    return response.claims
  }

  async #measured<T>(name: string, call: Promise<T>): Promise<T> {
    const { clock, metrics, driver } = this.#options
    const beganMs = clock.monotonic()
    const observe = (code: string) =>
      metrics.driverOperationDuration.observe((clock.monotonic() - beganMs) / 1000, driver, name, code)
    try {
      const answer = await call
      observe("OK")
      return answer
    } catch (error) {
      observe(isGrpcError(error) ? error.code : "Unknown")
      throw error
    }
  }

  /** How its devices are, as it tells, until it ends or `signal` aborts. */
  async *health(signal: AbortSignal): AsyncGenerator<readonly ReportedHealth[]> {
    const reports = this.#channel.serverStream(watchMethod, [Nothing, {}], HealthReport, { signal })
    for await (const { devices } of reports) yield devices
  }

  close(): void {
    this.#channel.close()
  }
}

function checkResults(
  method: string,
  claims: readonly wire.Claim[],
  response: wire.Results<{ error: string }>,
): void {
  for (const { uid, result } of response.claims) {
    const claim = claims.find((each) => each.uid === uid)
    if (!claim) throw new Error(`${method} returned result for unknown claim UID ${uid}`)
    if (result?.error) throw new Error(`${method} failed for ResourceClaim ${claim.name}: ${result.error}`)
  }
  const missing = claims.length - response.claims.length
  if (missing > 0) throw new Error(`${method} skipped ${missing} ResourceClaims`)
}
