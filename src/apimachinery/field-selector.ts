/**
 * Field selectors (https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/): `a.b=c`, `a==b` and
 * `a!=b`, joined by commas, with `\` before `,`, `=` and `\` in values.
 */
export interface FieldSelector {
  /** All must hold. */
  readonly requirements: readonly FieldRequirement[]
}

export interface FieldRequirement {
  readonly field: string
  readonly operator: "=" | "!="
  readonly value: string
}

/** Throws Error in upstream's words. */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements: FieldRequirement[] = []
  for (const term of splitTerms(text).sort()) {
    if (term === "") continue
    const match = /!=|==?/.exec(term)
    if (!match) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`)
    const operator = match[0] === "!=" ? "!=" : "="
    const value = unescapeValue(term.slice(match.index + match[0].length))
    requirements.push({ field: term.slice(0, match.index), operator, value })
  }
  return { requirements }
}

/** `getField` gives a field's value as text, "" if it is absent. */
export function matchesFields(selector: FieldSelector, getField: (field: string) => string): boolean {
  for (const { field, operator, value } of selector.requirements) {
    if ((getField(field) === value) !== (operator === "=")) return false
  }
  return true
}

/** The value that the selector pins `field` to: lets a list by name or node be answered by an index. */
export function findExactValue(selector: FieldSelector, field: string): string | undefined {
  return selector.requirements.find((each) => each.operator === "=" && each.field === field)?.value
}

export function formatFieldSelector(selector: FieldSelector): string {
  return selector.requirements
    .map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`)
    .join(",")
}

/** Upstream's refusal of a field that the kind does not select by. */
export function unsupportedField(field: string): Error {
  return new Error(`field label not supported: ${field}`)
}

/** For building a selector's text from a value that may hold anything. */
export function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, "\\$&")
}

function splitTerms(text: string): string[] {
  return text.match(/(?:\\[^]|[^,\\]|\\$)+/g) ?? []
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text
  return text.replace(/\\([^])?|[,=]/gu, (found, escaped: string | undefined) => {
    if (found === "," || found === "=") {
      throw new Error(`invalid field selector: unescaped character in value: ${found.codePointAt(0)}`)
    }
    if (escaped !== "\\" && escaped !== "," && escaped !== "=") {
      throw new Error(`invalid field selector: invalid escape sequence: ${found}`)
    }
    return escaped
  })
}
