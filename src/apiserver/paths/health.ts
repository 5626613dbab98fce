import type { RequestContext } from "../context.ts"
import { type ServerResponse, textResponse } from "../http/response.ts"
import { messageOf } from "../../base/message-of.ts"

/** One thing that must be so for the server to be well. Throws to say that it is not, and why. */
export interface HealthCheck {
  /** As in `/readyz/etcd`. */
  readonly name: string
  /** Which of the three ask for it. */
  readonly of: readonly Probe[]
  check(): void | Promise<void>
}

export type Probe = "healthz" | "livez" | "readyz"

export function isProbe(name: string): name is Probe {
  return name === "healthz" || name === "livez" || name === "readyz"
}

/** `/readyz`, `/readyz?verbose&exclude=etcd`, `/readyz/etcd` (https://kubernetes.io/docs/reference/using-api/health-checks/). */
export async function answerProbe(
  context: RequestContext,
  probe: Probe,
  name: string | undefined,
  all: readonly HealthCheck[],
): Promise<ServerResponse | undefined> {
  const { query } = context.request
  const checks = all.filter((check) => check.of.includes(probe))
  if (name !== undefined) {
    const check = checks.find((each) => each.name === name)
    return check && answerOne(check)
  }
  const excluded = new Set(query.getAll("exclude"))
  const lines: string[] = []
  let failed = false
  for (const check of checks) {
    if (excluded.delete(check.name)) lines.push(`[+]${check.name} excluded: ok`)
    else if ((await failureOf(check)) === undefined) lines.push(`[+]${check.name} ok`)
    else {
      failed = true
      lines.push(`[-]${check.name} failed: reason withheld`)
    }
  }
  for (const unknown of excluded) {
    lines.push(`warn: some health checks cannot be excluded: no matches for ${JSON.stringify(unknown)}`)
  }
  if (failed) return textResponse(500, `${lines.join("\n")}\n${probe} check failed\n`)
  return textResponse(200, query.has("verbose") ? `${lines.join("\n")}\n${probe} check passed\n` : "ok")
}

async function answerOne(check: HealthCheck): Promise<ServerResponse> {
  const failure = await failureOf(check)
  return failure === undefined
    ? textResponse(200, "ok")
    : textResponse(500, `internal server error: ${failure}\n`)
}

async function failureOf(health: HealthCheck): Promise<string | undefined> {
  try {
    await health.check()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
