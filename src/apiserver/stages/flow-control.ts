import { mastersGroup } from "../authentication/authenticator.ts"
import type { Stage } from "../context.ts"
import { textResponse } from "../http/response.ts"
import { isLongRunning } from "./deadline.ts"

// Upstream's --max-requests-inflight and --max-mutating-requests-inflight.
const maxReading = 400
const maxWriting = 200
const readingMethods = new Set(["GET", "HEAD", "OPTIONS"])

/**
 * No more requests at once than can be answered well: the rest are told to come again. Streams do not count, and members
 * of system:masters always get through, so that an overloaded cluster can be repaired.
 */
export function createFlowControl(): Stage {
  const running = { reading: 0, writing: 0 }
  return async (context, next) => {
    if (isLongRunning(context.info) || context.user.groups.includes(mastersGroup)) return next()
    const kind = readingMethods.has(context.request.method) ? "reading" : "writing"
    if (running[kind] >= (kind === "reading" ? maxReading : maxWriting)) {
      return textResponse(429, "Too many requests, please try again later.\n", { "retry-after": "1" })
    }
    running[kind]++
    try {
      return await next()
    } finally {
      running[kind]--
    }
  }
}
