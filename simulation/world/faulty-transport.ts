import { type Clock, sleep } from "../../src/base/clock.ts"
import { integer, type Random } from "../../src/base/random.ts"
import {
  conflict,
  expired,
  internalError,
  serviceUnavailable,
  tooManyRequests,
} from "../../src/apimachinery/status-errors.ts"
import {
  type ApiRequest,
  ConnectionError,
  type RawWatchEvent,
  type Transport,
} from "../../src/client/transport.ts"
import type { FaultRates } from "../operations/operation.ts"
import type { FaultCounts } from "./fault-counts.ts"

export interface FaultyRoad {
  /** The server of now; undefined while it is down. */
  readonly server: () => Transport | undefined
  /** Whether anything comes through. */
  readonly isOpen: () => boolean
  /** Undefined: the storm is over. */
  readonly rates: () => FaultRates | undefined
  readonly clock: Clock
  readonly random: Random
  readonly counts: FaultCounts
  /** Told of each request. */
  readonly onRequest?: () => void
}

/** As clients of a real server have it: what may be asked at once, and how much more of it each second. */
const burst = 300
const perSecond = 50

/** The road of one component to the API server, with all that can happen on it. */
export function createFaultyTransport(road: FaultyRoad): Transport {
  const { clock, random, counts } = road
  const happens = (kind: keyof FaultRates): boolean => {
    const rate = road.rates()?.[kind] ?? 0
    if (rate === 0 || random.next() >= rate) return false
    counts.add(kind)
    return true
  }
  const open = (): Transport => {
    const server = road.isOpen() ? road.server() : undefined
    if (!server) throw new ConnectionError("ECONNREFUSED", "connect ECONNREFUSED")
    return server
  }

  // Requests cost no simulated time. Who acts on what it has not yet heard is gone (its watch comes back in a second, say)
  // would act for ever within one moment; on a real road it acts until it hears of it.
  let left = burst
  let refilledAtMs = clock.monotonic()
  async function takeTurn(request: ApiRequest): Promise<void> {
    for (;;) {
      const nowMs = clock.monotonic()
      left = Math.min(burst, left + ((nowMs - refilledAtMs) / 1000) * perSecond)
      refilledAtMs = nowMs
      if (left >= 1) break
      await sleep(clock, 1000 / perSecond, request.signal)
    }
    left--
  }

  async function before(request: ApiRequest): Promise<void> {
    road.onRequest?.()
    await takeTurn(request)
    if (happens("slow")) await sleep(clock, integer(random, 1000), request.signal)
    if (happens("refused")) throw refusal(random)
    if ((request.method === "PUT" || request.method === "PATCH") && happens("conflict"))
      throw conflict({ group: "", plural: "objects" }, request.path.split("/").pop()!, "somebody was faster")
  }

  return {
    async request(request) {
      await before(request)
      const answer = await open().request(request)
      if (request.method !== "GET" && happens("answerLost"))
        throw new ConnectionError("ECONNRESET", "read ECONNRESET")
      if (happens("slow")) await sleep(clock, integer(random, 1000), request.signal)
      // What was asked while the road was open may be answered when it is not.
      open()
      return answer
    },
    async watch(request) {
      await before(request)
      return followed(await open().watch(request))
    },
    stream: (request) => open().stream(request),
  }

  async function* followed(events: AsyncIterable<RawWatchEvent>): AsyncGenerator<RawWatchEvent, void, void> {
    for await (const event of events) {
      if (happens("watchSlow")) await sleep(clock, integer(random, 2000))
      if (!road.isOpen()) throw new ConnectionError("ECONNRESET", "read ECONNRESET")
      yield event
      if (happens("watchExpired")) throw expired("too old resource version")
      if (happens("watchLost")) throw new ConnectionError("ECONNRESET", "read ECONNRESET")
    }
  }
}

function refusal(random: Random): Error {
  switch (integer(random, 4)) {
    case 0:
      return serviceUnavailable("the server is not ready")
    case 1:
      return tooManyRequests("too many requests", 1)
    case 2:
      return internalError(new Error("etcdserver: request timed out"))
    default:
      return new ConnectionError("ETIMEDOUT", "connect ETIMEDOUT")
  }
}
