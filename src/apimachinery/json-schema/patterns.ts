import { RE2JS } from "re2js"

/**
 * Regular expressions in Go's syntax, matched in time linear in the text: patterns come from whoever may install a
 * CustomResourceDefinition, texts from anybody.
 */
const compiled = new Map<string, RE2JS>()

// Definitions come and go; what they leave behind is bounded.
const maxCompiled = 4096

/** @throws Error with Go's text when it is no regular expression */
export function compilePattern(pattern: string): RE2JS {
  const known = compiled.get(pattern)
  if (known) return known
  const made = RE2JS.compile(pattern)
  if (compiled.size >= maxCompiled) compiled.clear()
  compiled.set(pattern, made)
  return made
}

/** Whether the pattern matches anywhere in the text. */
export function matchesPattern(pattern: string, text: string): boolean {
  return compilePattern(pattern).test(text)
}
