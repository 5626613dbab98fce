import {
  answerProbe,
  type HealthCheck as Check,
  isProbe,
  type Probe,
} from "../../apimachinery/health-checks.ts"
import { metricsType } from "../../base/metrics.ts"
import type { RequestContext } from "../context.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"

export interface HealthCheck extends Check {
  /** Which of the three ask for it. */
  readonly of: readonly Probe[]
}

/** `/healthz`, `/livez`, `/readyz`, with the name of a check or without. Undefined for other paths. */
export async function answerHealth(
  { request, server }: RequestContext,
  [first = "", ...rest]: readonly string[],
): Promise<ServerResponse | undefined> {
  if (!isProbe(first)) return undefined
  const checks = server.healthChecks.filter((check) => check.of.includes(first))
  const name = rest.length > 0 ? rest.join("/") : undefined
  const asked = { probe: first, name, query: request.query }
  const answer = await answerProbe(asked, checks, server.healthRecord)
  return answer && textResponse(answer.code, answer.text)
}

/** `/metrics` and `/metrics/slis`. DELETE counts again from zero, where this server may be looked into. */
export function answerMetrics(
  { request, server }: RequestContext,
  rest: readonly string[],
): ServerResponse | undefined {
  if (rest.length > 0 && rest.join("/") !== "slis") return undefined
  const told = rest.length > 0 ? server.healthRecord : server.metrics
  if (request.method !== "DELETE" || !server.profile)
    return textResponse(200, told.text(), { "content-type": metricsType })
  told.reset()
  return textResponse(200, "metrics reset\n")
}
