import type { Kubelet } from "../kubelet.ts"
import { HttpProblem } from "./http-problem.ts"

/** When nothing was compared with the runtime for so long, something is stuck: upstream's bound. */
const stuckMs = 180_000

/** GET /healthz and /healthz/CHECK. Throws HttpProblem when something is not well, or there is no such check. */
export function healthz(kubelet: Kubelet, path: string, query: URLSearchParams): string {
  const checks: Record<string, () => boolean> = {
    ping: () => true,
    log: () => true,
    syncloop: () => kubelet.workers.sinceRelistMs < stuckMs,
  }
  const [, name] = /^\/healthz(?:\/(.*))?$/.exec(path) ?? []
  if (name) {
    const check = checks[name]
    if (!check) throw new HttpProblem(404, "404 page not found")
    if (!check()) throw new HttpProblem(500, `internal server error: ${name} check failed`)
    return "ok"
  }
  const excluded = new Set(query.getAll("exclude"))
  const lines: string[] = []
  let failed = false
  for (const [each, check] of Object.entries(checks)) {
    const isWell = excluded.has(each) || check()
    failed ||= !isWell
    const word = excluded.has(each) ? "excluded: ok" : isWell ? "ok" : "failed: reason withheld"
    lines.push(`[${isWell ? "+" : "-"}]${each} ${word}`)
  }
  if (failed) throw new HttpProblem(500, [...lines, "healthz check failed"].join("\n"))
  return query.has("verbose") ? [...lines, "healthz check passed", ""].join("\n") : "ok"
}
