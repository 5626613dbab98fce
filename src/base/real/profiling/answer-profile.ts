import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { Clock } from "../../clock.ts"
import type { RawPage } from "../serve-pages.ts"
import { type ProfileWish, takeAllocationProfile, takeCpuProfile, takeHeapProfile } from "./take-profile.ts"

/*
 * `/debug/pprof/`: what a Node.js process can tell of what Go's tells there, for the same programs (`go tool pprof URL`).
 * Goroutines, threads, locks and traces there are none of.
 */

export interface ProfileRequest {
  /** What follows "/debug/pprof/"; "" asks what there is. */
  readonly name: string
  readonly query: URLSearchParams
  readonly clock: Clock
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}

interface Kind {
  readonly usualSeconds: number
  readonly about: string
  readonly take: (wish: ProfileWish) => Promise<Uint8Array>
}

const kinds: Readonly<Record<string, Kind>> = {
  allocs: {
    usualSeconds: 10,
    about: "what is made during the seconds GET parameter (10)",
    take: takeAllocationProfile,
  },
  heap: {
    usualSeconds: 10,
    about:
      "memory in use: by stack what is made during the seconds GET parameter (10), by kind what was there before",
    take: takeHeapProfile,
  },
  profile: {
    usualSeconds: 30,
    about: "where the process spends its time during the seconds GET parameter (30)",
    take: takeCpuProfile,
  },
}

const compress = promisify(gzip)

/** Kinds that are being taken: one of each at a time, as with Go. */
const underWay = new Set<string>()

export async function answerProfile({ name, query, clock, signal }: ProfileRequest): Promise<RawPage> {
  if (name === "") return page(index())
  if (name === "cmdline") return plain(200, process.argv.join("\0"))
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (!kind) return plain(404, "Unknown profile\n", { "x-go-pprof": "1" })
  const seconds = secondsOf(query, kind.usualSeconds)
  if (underWay.has(name))
    return plain(500, `Could not enable ${name} profiling: ${name} profiling already in use\n`)
  underWay.add(name)
  try {
    const body = await compress(await kind.take({ seconds, clock, signal }))
    const headers = {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${name}"`,
      "x-content-type-options": "nosniff",
    }
    return { status: 200, headers, body }
  } finally {
    underWay.delete(name)
  }
}

function secondsOf(query: URLSearchParams, usual: number): number {
  const seconds = Number(query.get("seconds"))
  return Number.isFinite(seconds) && seconds > 0 ? seconds : usual
}

function index(): string {
  const rows = Object.entries(kinds).map(
    ([name, { about }]) => `<li><a href="${name}">${name}</a>: ${about}</li>`,
  )
  const command = '<li><a href="cmdline">cmdline</a>: the command line of the process</li>'
  return `<html><head><title>/debug/pprof/</title></head><body>/debug/pprof/<ul>${command}${rows.join("")}</ul></body></html>\n`
}

function page(body: string): RawPage {
  const headers = { "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff" }
  return { status: 200, headers, body }
}

function plain(status: number, body: string, more: Record<string, string> = {}): RawPage {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" }
  return { status, headers: { ...headers, ...more }, body }
}
