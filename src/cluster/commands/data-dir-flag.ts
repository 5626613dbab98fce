import { parseFlags } from "../../base/flags.ts"
import { dataDirectory, type DataDirectory } from "../data-directory.ts"
import { describeFlags, UsageError } from "./command.ts"

const flags = {
  "data-dir": {
    type: "string",
    placeholder: "DIR",
    description: "the cluster's directory (root: /var/lib/coracle)",
  },
  help: { type: "bool", short: "h", description: "show this" },
} as const

/** For commands whose only flag is the cluster they mean; an argument in brackets may be left out. Undefined when help was asked for and given. */
export function parseDataDir(
  command: string,
  argv: readonly string[],
  argumentNames: readonly string[] = [],
): { directory: DataDirectory; arguments: readonly string[] } | undefined {
  const { values, arguments: rest } = parseFlags(argv, flags)
  if (values.help) {
    process.stdout.write(
      `Usage: coracle ${[command, ...argumentNames].join(" ")} [flags]\n\n${describeFlags(flags)}`,
    )
    return undefined
  }
  const least = argumentNames.filter((name) => !name.startsWith("[")).length
  if (rest.length < least || rest.length > argumentNames.length) {
    throw new UsageError(
      rest.length < least
        ? `${argumentNames[rest.length]} is missing`
        : `unexpected argument ${JSON.stringify(rest[argumentNames.length])}`,
    )
  }
  return { directory: dataDirectory(values["data-dir"]), arguments: rest }
}
