import type { Clock } from "../../base/clock.ts"
import { LeastRecentlyUsed } from "../../client/least-recently-used.ts"
import { codes, flags, headerLength } from "../wire/constants.ts"
import type { Query } from "../wire/query.ts"
import { parseResponse } from "./parse-response.ts"

/** No answer is kept longer, whatever its owner allows: pods notice changes outside as fast as with CoreDNS' default. */
const longestSeconds = 30
const capacity = 10_000

interface Kept {
  readonly message: Buffer
  readonly ttlOffsets: readonly number[]
  readonly keptAtMs: number
  readonly untilMs: number
}

/** Other servers' answers for as long as their owners allow, given out with what is left of that time. */
export class ResponseCache {
  readonly #clock: Clock
  readonly #kept = new LeastRecentlyUsed<Kept>(capacity)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  find(query: Query): Buffer | undefined {
    const key = keyOf(query)
    const kept = this.#kept.get(key)
    if (!kept) return undefined
    const now = this.#clock.monotonic()
    if (now >= kept.untilMs) {
      this.#kept.delete(key)
      return undefined
    }
    const message = addressTo(query, kept.message)
    const ageSeconds = Math.floor((now - kept.keptAtMs) / 1000)
    for (const offset of kept.ttlOffsets)
      message.writeUInt32BE(Math.max(message.readUInt32BE(offset) - ageSeconds, 0), offset)
    return message
  }

  /** Keeps an answer that holds for the same question of others; ignores those that do not. */
  keep(query: Query, message: Buffer): void {
    const facts = parseResponse(message)
    if (!facts || facts.truncated || facts.ttlSeconds <= 0) return
    if (facts.code !== codes.noError && facts.code !== codes.nameError && facts.code !== codes.serverFailure)
      return
    const keptAtMs = this.#clock.monotonic()
    const untilMs = keptAtMs + Math.min(facts.ttlSeconds, longestSeconds) * 1000
    this.#kept.set(keyOf(query), { message, ttlOffsets: facts.ttlOffsets, keptAtMs, untilMs })
  }
}

/** A copy of an answer for this question: its number, its spelling of the name. */
export function addressTo(query: Query, message: Buffer): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(query.id, 0)
  query.question.copy(copy, headerLength)
  return copy
}

function keyOf({ name, type, flags: bits, edns }: Query): string {
  return `${type} ${bits & flags.checkingDisabled} ${edns ? (edns.dnssecOk ? 2 : 1) : 0} ${name}`
}
