import { type FunctionEntry, type Location, Profile, type Sample } from "./profile-format.ts"

/** A call as V8 names it: lines and columns begin at 0. */
export interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** A tree of calls: who was called from where, and what was counted there itself. */
export interface CallNode {
  readonly callFrame: CallFrame
  readonly values: readonly number[]
  readonly children: readonly CallNode[]
}

export interface ProfileFacts {
  /** What is counted, in order: ["cpu", "nanoseconds"]. */
  readonly types: readonly (readonly [type: string, unit: string])[]
  readonly periodType: readonly [type: string, unit: string]
  readonly period: number
  readonly startedAtMs: number
  readonly durationMs: number
}

/** Turns a tree of calls into the format of Go's profiles. Its root, which is no call, is left out. */
export function buildProfile(root: CallNode, facts: ProfileFacts): Uint8Array {
  const tables = new Tables()
  const samples: Sample[] = []
  const visit = (node: CallNode, outer: readonly number[]) => {
    const stack = [tables.locationOf(node.callFrame), ...outer]
    if (node.values.some((value) => value !== 0)) samples.push({ locationId: stack, value: [...node.values] })
    for (const child of node.children) visit(child, stack)
  }
  for (const child of root.children) visit(child, [])
  const typeOf = ([type, unit]: readonly [string, string]) => ({
    type: tables.text(type),
    unit: tables.text(unit),
  })
  return Profile.encode({
    sampleType: facts.types.map(typeOf),
    sample: samples,
    location: tables.locations,
    function: tables.functions,
    periodType: typeOf(facts.periodType),
    period: facts.period,
    timeNanos: facts.startedAtMs * 1_000_000,
    durationNanos: Math.round(facts.durationMs * 1_000_000),
    stringTable: tables.texts,
  })
}

/** Everything that is named more than once, once. */
class Tables {
  /** The first is the empty one. */
  readonly texts: string[] = [""]
  readonly locations: Location[] = []
  readonly functions: FunctionEntry[] = []
  readonly #textIds = new Map<string, number>([["", 0]])
  readonly #ids = new Map<string, number>()

  text(text: string): number {
    const known = this.#textIds.get(text)
    if (known !== undefined) return known
    this.#textIds.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }

  /** V8 tells of functions, not of lines in them: a function is one place. */
  locationOf({ functionName, url, lineNumber }: CallFrame): number {
    const key = `${functionName}\n${url}\n${lineNumber}`
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.locations.length + 1
    this.#ids.set(key, id)
    const name = this.text(functionName || "(anonymous)")
    const line = lineNumber + 1
    this.functions.push({ id, name, systemName: name, filename: this.text(url), startLine: line })
    this.locations.push({ id, line: [{ functionId: id, line }] })
    return id
  }
}
