import { componentPage } from "../apimachinery/component-pages.ts"
import {
  answerProbe,
  type HealthCheck,
  HealthRecord,
  isProbe,
  type Probe,
} from "../apimachinery/health-checks.ts"
import type { Clock } from "../base/clock.ts"
import { metricsType } from "../base/metrics.ts"
import { processStartMetric } from "../base/real/process-metrics.ts"
import { answerProfile } from "../base/real/profiling/answer-profile.ts"
import { type Pages, plainPage } from "../base/real/serve-pages.ts"
import { componentFacts, type FactsParts } from "./component-facts.ts"

/** What each probe of a component asks, looked up when it is asked; nothing: whether anybody answers. */
export type ComponentProbes = Readonly<Partial<Record<Probe, () => readonly HealthCheck[]>>>

export interface ComponentPagesParts extends FactsParts {
  /** Those it has; others are no pages of it. */
  readonly probes: ComponentProbes
  /** Whether `/debug/pprof/` tells where the process spends time and memory. */
  readonly profiling: boolean
}

/**
 * Pages of a component that runs by itself, and beside them those that every such component of upstream has: probes and their
 * record, `/statusz` and `/flagz`, profiles.
 */
export function withComponentPages(component: string, parts: ComponentPagesParts, pages: Pages): Pages {
  const { clock, probes, profiling } = parts
  const paths = [...Object.keys(probes).map((probe) => `/${probe}`), "/metrics/slis", ...parts.paths]
  const facts = componentFacts(component, { ...parts, paths })
  const described: Pages = ({ path, accept }) => componentPage(path, accept, facts, clock.now())
  const all = [described, probePages(probes, clock), ...(profiling ? [profilePages(clock)] : []), pages]
  return firstOf(all)
}

/** The first page that there is. */
export function firstOf(all: readonly Pages[]): Pages {
  return async (request) => {
    for (const pages of all) {
      const page = await pages(request)
      if (page) return page
    }
    return undefined
  }
}

/** Probes and what they found (`/metrics/slis`). */
export function probePages(probes: ComponentProbes, clock: Clock): Pages {
  const record = new HealthRecord()
  record.add(processStartMetric(clock))
  return async ({ path, query, method }) => {
    if (path === "/metrics/slis") {
      if (method !== "DELETE") return { contentType: metricsType, text: record.text() }
      record.reset()
      return plainPage("metrics reset\n")
    }
    const [, probe = "", ...rest] = path.split("/")
    const checks = isProbe(probe) ? probes[probe] : undefined
    if (!isProbe(probe) || !checks) return undefined
    const name = rest.length > 0 ? rest.join("/") : undefined
    const answer = await answerProbe({ probe, name, query }, checks(), record)
    return answer && plainPage(answer.text, answer.code)
  }
}

/** `/debug/pprof/` of this process, with all that runs in it. */
function profilePages(clock: Clock): Pages {
  const root = "/debug/pprof"
  return ({ path, query, signal }) => {
    if (path === root) return { status: 302, headers: { location: `${root}/` }, body: "" }
    if (!path.startsWith(`${root}/`)) return undefined
    return answerProfile({ name: path.slice(root.length + 1), query, clock, signal })
  }
}
