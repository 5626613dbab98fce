import { type FieldError, formatFieldErrors, invalidValue, unsupportedValue } from "./field-error.ts"
import { fieldPath } from "./field-path.ts"
import { labelValueProblems, qualifiedNameProblems } from "./names.ts"
import { tokenize } from "./label-tokens.ts"

/**
 * Label selectors (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors): the text of
 * `?labelSelector=`, the LabelSelector object of Deployments and friends, and plain maps all become one `Selector`.
 *
 * @example
 * matchesLabels(parseLabelSelector("app in (web,api),!canary"), pod.metadata.labels)
 */
export interface Selector {
  /** All must hold. Sorted by key. */
  readonly requirements: readonly Requirement[]
  /** Selects nothing, whatever the requirements: what an absent LabelSelector means. */
  readonly nothing?: boolean
}

export interface Requirement {
  readonly key: string
  readonly operator: Operator
  readonly values: readonly string[]
}

export type Operator = (typeof operators)[number]

const operators = ["in", "notin", "=", "==", "!=", "gt", "lt", "exists", "!"] as const
const binaryOperators = operators.slice(0, 7)

/** The LabelSelector object of the API. */
export interface LabelSelectorObject {
  readonly matchLabels?: Labels | undefined
  readonly matchExpressions?:
    | readonly {
        readonly key: string
        readonly operator: string
        readonly values?: readonly string[] | undefined
      }[]
    | undefined
}

export type Labels = Readonly<Record<string, string>>

export const everything: Selector = { requirements: [] }
export const nothing: Selector = { requirements: [], nothing: true }

export function matchesLabels(selector: Selector, labels: Labels | undefined): boolean {
  if (selector.nothing) return false
  for (const requirement of selector.requirements) {
    if (!meets(requirement, labels)) return false
  }
  return true
}

/** Whether every object is selected; lets callers skip the work. */
export function selectsEverything(selector: Selector): boolean {
  return !selector.nothing && selector.requirements.length === 0
}

function meets({ key, operator, values }: Requirement, labels: Labels | undefined): boolean {
  // `hasOwn`, because "constructor" is a fine label and also what every object inherits.
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key]! : undefined
  switch (operator) {
    case "in":
    case "=":
    case "==":
      return value !== undefined && values.includes(value)
    case "notin":
    case "!=":
      return value === undefined || !values.includes(value)
    case "exists":
      return value !== undefined
    case "!":
      return value === undefined
    case "gt":
    case "lt":
      return compares(value, operator, values[0])
  }
}

const integerPattern = /^[+-]?[0-9]+$/
const isInt64 = (text: string) =>
  integerPattern.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)

function compares(value: string | undefined, operator: "gt" | "lt", bound: string | undefined): boolean {
  if (value === undefined || bound === undefined || !isInt64(value) || !isInt64(bound)) return false
  return operator === "gt" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
}

/** A single requirement. Throws Error with upstream's text if the parts do not go together. */
export function requirement(key: string, operator: string, values: readonly string[]): Requirement {
  const errors: FieldError[] = []
  const path = fieldPath("values")
  const keyProblems = qualifiedNameProblems(key)
  if (keyProblems.length > 0) errors.push(invalidValue("key", key, keyProblems.join("; ")))
  const problem = valuesProblem(operator, values)
  if (problem) errors.push(invalidValue(path, values, problem))
  if (!(operators as readonly string[]).includes(operator)) {
    errors.push(unsupportedValue("operator", operator, operators))
  }
  values.forEach((value, index) => {
    if ((operator === "gt" || operator === "lt") && !isInt64(value)) {
      const detail = "for 'Gt', 'Lt' operators, the value must be an integer"
      errors.push(invalidValue(path.index(index), value, detail))
    }
  })
  values.forEach((value, index) => {
    const problems = labelValueProblems(value)
    if (problems.length > 0) {
      errors.push(invalidValue(path.index(index).key(key), value, problems.join("; ")))
    }
  })
  if (errors.length > 0) throw new Error(formatFieldErrors(errors))
  return { key, operator: operator as Operator, values }
}

function valuesProblem(operator: string, values: readonly string[]): string | undefined {
  switch (operator) {
    case "in":
    case "notin":
      return values.length === 0 ? "for 'in', 'notin' operators, values set can't be empty" : undefined
    case "=":
    case "==":
    case "!=":
      return values.length === 1 ? undefined : "exact-match compatibility requires one single value"
    case "exists":
    case "!":
      return values.length === 0 ? undefined : "values set must be empty for exists and does not exist"
    case "gt":
    case "lt":
      return values.length === 1 ? undefined : "for 'Gt', 'Lt' operators, exactly one value is required"
    default:
      return undefined
  }
}

const byKey = (a: Requirement, b: Requirement) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

export function selectorOf(requirements: readonly Requirement[]): Selector {
  return { requirements: [...requirements].sort(byKey) }
}

/** Selects what carries all these labels. An empty or absent map selects everything. */
export function selectorFromLabels(labels: Labels | undefined): Selector {
  const entries = Object.entries(labels ?? {})
  return selectorOf(entries.map(([key, value]) => ({ key, operator: "=", values: [value] })))
}

const objectOperators: Readonly<Record<string, Operator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
}

// Controllers ask for the same frozen object's selector again and again.
const known = new WeakMap<object, Selector>()

/** An absent selector selects nothing, an empty one everything. Throws Error if it is not valid. */
export function selectorFromObject(object: LabelSelectorObject | undefined): Selector {
  if (!object) return nothing
  const before = known.get(object)
  if (before) return before
  const requirements = Object.entries(object.matchLabels ?? {}).map(([key, value]) =>
    requirement(key, "=", [value]),
  )
  for (const { key, operator, values } of object.matchExpressions ?? []) {
    if (!Object.hasOwn(objectOperators, operator)) {
      throw new Error(`"${operator}" is not a valid label selector operator`)
    }
    requirements.push(requirement(key, objectOperators[operator]!, values ?? []))
  }
  const selector = selectorOf(requirements)
  if (Object.isFrozen(object)) known.set(object, selector)
  return selector
}

/** The text form, as `status.selector` of a Scale carries it. */
export function formatLabelSelector(selector: Selector): string {
  return selector.requirements.map(formatRequirement).join(",")
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const list = [...values].sort().join(",")
  switch (operator) {
    case "in":
    case "notin":
      return `${key} ${operator} (${list})`
    case "exists":
      return key
    case "!":
      return `!${key}`
    case "gt":
      return `${key}>${list}`
    case "lt":
      return `${key}<${list}`
    default:
      return `${key}${operator}${list}`
  }
}

/**
 * The text form of `kubectl -l` and `?labelSelector=`: `a=b,c==d,e!=f,g in (h,i),j notin (k),l,!m,n>1,o<2`.
 * Throws Error in upstream's words; the request path answers them as a bad request.
 */
export function parseLabelSelector(text: string): Selector {
  const tokens = tokenize(text)
  const requirements: Requirement[] = []
  while (tokens.peekValue().type !== "end") {
    const { type, text: found } = tokens.peekValue()
    if (type !== "identifier" && type !== "!") {
      throw new Error(`found '${found}', expected: !, identifier, or 'end of string'`)
    }
    requirements.push(parseRequirement(tokens))
    const separator = tokens.nextValue()
    if (separator.type === "end") break
    if (separator.type !== ",") {
      throw new Error(`found '${separator.text}', expected: ',' or 'end of string'`)
    }
    const after = tokens.peekValue()
    if (after.type !== "identifier" && after.type !== "!") {
      throw new Error(`found '${after.text}', expected: identifier after ','`)
    }
  }
  return selectorOf(requirements)
}

type Tokens = ReturnType<typeof tokenize>

function parseRequirement(tokens: Tokens): Requirement {
  try {
    const isNegated = tokens.peekValue().type === "!"
    if (isNegated) tokens.nextValue()
    const key = parseKey(tokens)
    if (isNegated) return requirement(key, "!", [])
    if (endsRequirement(tokens)) return requirement(key, "exists", [])
    const operator = parseOperator(tokens)
    const values = operator === "in" || operator === "notin" ? parseValues(tokens) : parseExactValue(tokens)
    return requirement(key, operator, [...new Set(values)].sort())
  } catch (error) {
    throw new Error(`unable to parse requirement: ${(error as Error).message}`, { cause: error })
  }
}

function endsRequirement(tokens: Tokens): boolean {
  const { type } = tokens.peekValue()
  return type === "end" || type === ","
}

function parseKey(tokens: Tokens): string {
  const { type, text } = tokens.nextValue()
  if (type !== "identifier") throw new Error(`found '${text}', expected: identifier`)
  const problems = qualifiedNameProblems(text)
  // Upstream has no path to name here and prints a nil one.
  if (problems.length > 0)
    throw new Error(formatFieldErrors([invalidValue("<nil>", text, problems.join("; "))]))
  return text
}

const symbols: Readonly<Record<string, Operator>> = { ">": "gt", "<": "lt" }

function parseOperator(tokens: Tokens): Operator {
  const { type, text } = tokens.next()
  if (type === "in" || type === "notin" || type === "=" || type === "==" || type === "!=") return type
  const symbol = symbols[type]
  if (!symbol) throw new Error(`found '${text}', expected: ${binaryOperators.join(", ")}`)
  return symbol
}

function parseExactValue(tokens: Tokens): string[] {
  if (endsRequirement(tokens)) return [""]
  const { type, text } = tokens.nextValue()
  if (type !== "identifier") throw new Error(`found '${text}', expected: identifier`)
  return [text]
}

function parseValues(tokens: Tokens): string[] {
  const open = tokens.nextValue()
  if (open.type !== "(") throw new Error(`found '${open.text}' expected: '('`)
  const first = tokens.peekValue()
  if (first.type === ")") {
    tokens.nextValue()
    return [""]
  }
  if (first.type !== "identifier" && first.type !== ",") {
    throw new Error(`found '${first.text}', expected: ',', ')' or identifier`)
  }
  const values = parseValueList(tokens)
  tokens.nextValue()
  return values
}

// Values may be left out: "(a,,b)", "(,a)" and "(a,)" contain the empty string.
function parseValueList(tokens: Tokens): string[] {
  const values: string[] = []
  for (;;) {
    const { type, text } = tokens.nextValue()
    const next = tokens.peekValue()
    if (type === "identifier") {
      values.push(text)
      if (next.type === ")") return values
      if (next.type !== ",") throw new Error(`found '${next.text}', expected: ',' or ')'`)
    } else if (type === ",") {
      if (values.length === 0 || next.type === ",") values.push("")
      if (next.type === ")") return [...values, ""]
    } else throw new Error(`found '${text}', expected: ',', or identifier`)
  }
}
