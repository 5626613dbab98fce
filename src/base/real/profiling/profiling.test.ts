import { gunzipSync } from "node:zlib"
import { expect, it } from "vitest"
import { realClock } from "../clock.ts"
import { answerProfile } from "./answer-profile.ts"
import { buildProfile, type CallNode } from "./build-profile.ts"
import { Profile } from "./profile-format.ts"

const ask = (name: string, query = "") =>
  answerProfile({
    name,
    query: new URLSearchParams(query),
    clock: realClock,
    signal: new AbortController().signal,
  })

it("writes a tree of calls as stacks, the innermost call first", () => {
  const node = (functionName: string, value: number, children: CallNode[] = []): CallNode => ({
    callFrame: { functionName, url: "file:///a.js", lineNumber: 4 },
    values: [value],
    children,
  })
  const root = node("(root)", 7, [node("outer", 0, [node("inner", 2), node("", 1)])])
  const facts = { types: [["cpu", "nanoseconds"]], periodType: ["cpu", "nanoseconds"], period: 3 } as const
  const profile = Profile.decode(buildProfile(root, { ...facts, startedAtMs: 5, durationMs: 6 }))
  const nameOf = (id: number) => profile.stringTable[profile.function.find((each) => each.id === id)!.name]
  expect(profile.sample.map(({ locationId, value }) => [locationId.map(nameOf), value])).toEqual([
    [["inner", "outer"], [2]],
    [["(anonymous)", "outer"], [1]],
  ])
  expect(profile.location[0]!.line).toEqual([{ functionId: 1, line: 5 }])
  expect(profile).toMatchObject({ period: 3, timeNanos: 5e6, durationNanos: 6e6 })
  expect(profile.stringTable[profile.sampleType[0]!.unit]).toBe("nanoseconds")
})

it.each(["profile", "heap", "allocs"])("takes %s of this process, one at a time", async (name) => {
  const first = ask(name, "seconds=0.3")
  expect(await ask(name)).toMatchObject({ status: 500 })
  const kept: unknown[] = []
  for (let n = 0; n < 200_000; n++) kept.push({ n, text: `${n}` })
  const { status, body } = await first
  expect(status).toBe(200)
  const { sample, location, durationNanos } = Profile.decode(gunzipSync(body))
  // Some stack is more than one call deep: what was there before is not all that is told.
  expect(sample.some(({ locationId }) => locationId.length > 1)).toBe(true)
  expect(sample.length).toBeGreaterThan(0)
  expect(sample.every(({ locationId, value }) => locationId.length > 0 && value.length === 2)).toBe(true)
  expect(location.length).toBeGreaterThan(0)
  expect(durationNanos).toBeGreaterThan(0)
  expect(kept.length).toBe(200_000)
})

it("says what there is, and what there is not", async () => {
  expect((await ask("")).body).toContain('href="heap"')
  expect((await ask("cmdline")).body).toContain(process.argv[0])
  for (const name of ["goroutine", "toString", "trace"])
    expect(await ask(name)).toMatchObject({ status: 404, body: "Unknown profile\n" })
})
