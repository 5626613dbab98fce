import { componentPage, type ComponentFacts } from "../apimachinery/component-pages.ts"
import type { ExtraPath, ProfilePath } from "../apiserver/paths/handle-path.ts"
import { textResponse } from "../apiserver/http/response.ts"
import type { Clock } from "../base/clock.ts"
import { answerProfile } from "../base/real/profiling/answer-profile.ts"
import { pageHeaders } from "../base/real/serve-pages.ts"

/** What a component of this process says of itself; `values` are the flags that it was given. */
export function componentFacts(component: string, { clock, paths, values = {} }: FactsParts): ComponentFacts {
  return {
    component,
    startedAtMs: clock.now() - process.uptime() * 1000,
    platform: `node ${process.version}`,
    paths,
    flags: writtenFlags(values),
  }
}

export interface FactsParts {
  readonly clock: Clock
  /** Other pages of it. */
  readonly paths: readonly string[]
  readonly values?: object
}

/** As Go writes them. Those that nobody has set, and that have no default, are empty. */
export function writtenFlags(values: object): Record<string, string> {
  const flags = Object.entries(values as Readonly<Record<string, FlagValue>>)
  return Object.fromEntries(flags.map(([name, value]) => [name, written(value)]))
}

type FlagValue = string | number | boolean | readonly string[] | undefined

function written(value: FlagValue): string {
  return typeof value === "object" ? `[${value.join(",")}]` : String(value ?? "")
}

/** What the API server's `/debug/pprof/` tells: of this process, with all that runs in it. */
export function profilePath(clock: Clock): ProfilePath {
  return async (name, query, signal) => {
    const { status, headers, body } = await answerProfile({ name, query, clock, signal })
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
    return { status, headers: { ...headers }, body: { kind: "bytes", bytes } }
  }
}

/** `/statusz` and `/flagz` of the API server, which has paths of its own. */
export function componentPaths(component: string, parts: FactsParts): Readonly<Record<string, ExtraPath>> {
  const facts = componentFacts(component, parts)
  const answer =
    (path: string): ExtraPath =>
    async (_, accept) => {
      const page = componentPage(path, accept, facts, parts.clock.now())!
      return textResponse(page.code, page.text, pageHeaders(page))
    }
  return { "/statusz": answer("/statusz"), "/flagz": answer("/flagz") }
}
