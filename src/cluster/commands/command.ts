import type { FlagDefinitions } from "../../base/flags.ts"

/** A subcommand of `coracle`, loaded only when it is called. */
export interface Command {
  /** "up", "image load" */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** What follows the name in the usage line: "[flags]", "FILE.tar". */
  readonly usage?: string
  /** Gets everything after the name; gives the exit code. */
  readonly load: () => Promise<(argv: readonly string[]) => Promise<number>>
}

/** Something the user can mend: printed without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

export function describeFlags(definitions: FlagDefinitions): string {
  const rows = Object.entries(definitions).map(([name, { placeholder, short, description = "" }]) => {
    const shown = `${short ? `-${short}, ` : "    "}--${name}${placeholder ? ` ${placeholder}` : ""}`
    return [shown, description] as const
  })
  const width = Math.max(...rows.map(([shown]) => shown.length))
  return rows.map(([shown, description]) => `  ${shown.padEnd(width)}  ${description}\n`).join("")
}
