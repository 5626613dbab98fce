/**
 * Files from which containers take variables (`env.valueFrom.fileKeyRef`): a small part of what a POSIX shell reads, with the
 * same meaning. (https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/3721-support-for-env-files)
 *
 * ```
 * # a comment
 * COLOR='blue'   # values stand in single quotes and mean what they say: $HOME and \n too
 * POEM='two
 * lines'
 * ```
 */

/** An assignment whose closing quote has not come yet. */
interface OpenAssignment {
  readonly name: string
  /** Where it began. */
  readonly line: number
  readonly value: string
}

/**
 * The value of the first variable of that name; "" where there is none, as for one that is empty. Lines after it are not looked
 * at; throws when one before it has no place in such a file.
 */
export async function findVariable(
  lines: AsyncIterable<string> | Iterable<string>,
  name: string,
): Promise<string> {
  let number = 0
  let open: OpenAssignment | undefined
  for await (const line of lines) {
    number++
    const begun = open ? { ...open, rest: line } : beginAssignment(line, number)
    if (begun === undefined) continue
    if (begun.rest === undefined) {
      if (begun.name === name) return ""
      continue
    }
    const end = begun.rest.indexOf("'")
    open = end < 0 ? { ...begun, value: `${begun.value}${begun.rest}\n` } : undefined
    if (open) continue
    refuseAfterQuote(begun.rest.slice(end + 1), number)
    if (begun.name === name) return begun.value + begun.rest.slice(0, end)
  }
  if (open) throw invalid(`starting at line ${open.line}: unclosed single quote`)
  return ""
}

/** `rest` is what follows the opening quote; undefined where the value is empty for the blanks before it, as in a shell. */
function beginAssignment(
  text: string,
  line: number,
): (OpenAssignment & { readonly rest: string | undefined }) | undefined {
  const content = withoutBlanks(text)
  if (content === "" || content.startsWith("#")) return undefined
  const equals = content.indexOf("=")
  if (equals < 0) throw invalid(`at line ${line}: missing '='`)
  const name = content.slice(0, equals)
  if (/^[ \t]*$/.test(name)) throw invalid(`at line ${line}: empty variable name`)
  if (/[ \t]$/.test(name)) throw invalid(`at line ${line}: whitespace before '=' is not allowed`)
  const value = content.slice(equals + 1)
  if (/^[ \t]/.test(value)) return { name, line, value: "", rest: undefined }
  if (!value.startsWith("'")) throw invalid(`at line ${line}: value must be enclosed in single quotes`)
  return { name, line, value: "", rest: value.slice(1) }
}

function refuseAfterQuote(text: string, line: number): void {
  const content = withoutBlanks(text)
  if (content === "" || content.startsWith("#")) return
  throw invalid(`at line ${line}: unexpected content after closing quote`)
}

function withoutBlanks(text: string): string {
  return text.replace(/^[ \t]+/, "")
}

function invalid(what: string): Error {
  return new Error(`invalid environment variable format ${what}`)
}
