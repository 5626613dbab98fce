import type { CallCost } from "../cost/call-cost.ts"
import type { AnyImplementation, Overload } from "../library/function.ts"
import { CelError, type CelResult, type CelValue, isError, typeNameOf } from "../values/value.ts"
import { charge, type Step } from "./frame.ts"
import { matcher } from "./matches-type.ts"

const notStrict = "@not_strictly_false"

/** A call whose implementation tells types apart itself. */
export function callSingleton(
  call: AnyImplementation,
  args: readonly Step[],
  cost: CallCost | undefined,
  name: string,
): Step {
  if (name === notStrict) return notStrictlyFalse(args[0] as Step)
  const [first, second] = args as [Step, Step]
  if (args.length === 1) {
    return (frame) => {
      const value = first(frame)
      charge(frame, cost ? cost([value], value) : 1)
      return isError(value) ? value : call(value)
    }
  }
  return (frame) => {
    const a = first(frame)
    const b = second(frame)
    charge(frame, cost ? cost([a, b], a) : 1)
    if (isError(a)) return a
    if (isError(b)) return b
    return call(a, b)
  }
}

// An error counts as true: a fold goes on after it, since a later element may decide.
function notStrictlyFalse(arg: Step): Step {
  return (frame) => {
    const value = arg(frame)
    charge(frame, 1)
    return value !== false
  }
}

/** A call that is one of several overloads, by the types of the values. */
export function callMany(
  name: string,
  overloads: readonly Overload[],
  args: readonly Step[],
  cost: CallCost | undefined,
  hasConstantPattern: boolean,
): Step {
  // Upstream evaluates both arguments of a call with two before it looks at them, and otherwise stops at an error; what it
  // has stopped at is not charged.
  const stops = args.length > 2 || hasConstantPattern
  const candidates = overloads
    .filter((overload) => overload.args.length === args.length)
    .map((overload) => ({ call: overload.call as AnyImplementation, matches: overload.args.map(matcher) }))
  return (frame) => {
    const values: CelResult[] = []
    for (const arg of args) {
      const value = arg(frame)
      values.push(value)
      if (stops && isError(value) && values.length < args.length) return value
    }
    const result = dispatch(name, candidates, values)
    charge(frame, cost ? cost(values, result) : 1)
    return result
  }
}

interface Candidate {
  readonly call: AnyImplementation
  readonly matches: readonly ((value: CelValue) => boolean)[]
}

function dispatch(name: string, candidates: readonly Candidate[], values: readonly CelResult[]): CelResult {
  const failed = values.find(isError)
  if (failed) return failed
  const given = values as readonly CelValue[]
  for (const { call, matches } of candidates) {
    if (matches.every((match, index) => match(given[index] as CelValue))) return call(...given)
  }
  return new CelError(`no such overload: ${name}(${values.map(typeNameOf).join(", ")})`)
}
