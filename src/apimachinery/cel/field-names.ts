/**
 * Fields whose names are no identifiers of the language are known under an escaped name
 * (https://kubernetes.io/docs/reference/using-api/cel/#escaping).
 */
const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
)

const escapes: Readonly<Record<string, string>> = {
  __: "__underscores__",
  ".": "__dot__",
  "-": "__dash__",
  "/": "__slash__",
}

/** Undefined for names that no expression can reach. */
export function escapeFieldName(name: string): string | undefined {
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined
  if (reserved.has(name)) return `__${name}__`
  return name.replace(/__|[-./]/g, (part) => escapes[part] ?? part)
}

const unescapes: Readonly<Record<string, string>> = { underscores: "__", dot: ".", dash: "-", slash: "/" }

/** Undefined for what is no escaped name. */
export function unescapeFieldName(escaped: string): string | undefined {
  let isValid = true
  const name = escaped.replace(/__([^_]+)__/g, (all, content: string) => {
    const plain = unescapes[content]
    if (plain !== undefined) return plain
    if (!reserved.has(content) || all !== escaped) isValid = false
    return content
  })
  return isValid ? name : undefined
}
