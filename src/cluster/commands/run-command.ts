import { FlagError } from "../../base/flags.ts"
import { type Command, UsageError } from "./command.ts"

/** Finds the command, runs it, gives the exit code. Mistakes of the user end with one line that says what to do. */
export async function runCommand(argv: readonly string[], commands: readonly Command[]): Promise<number> {
  const [first] = argv
  if (first === undefined || first === "help" || first === "--help" || first === "-h") {
    process.stdout.write(help(commands))
    return first === undefined ? 2 : 0
  }
  const words = first === "--version" ? ["version", ...argv.slice(1)] : argv
  const command = commands.find(({ name }) => name.split(" ").every((word, index) => words[index] === word))
  if (!command) {
    process.stderr.write(`coracle: there is no command "${first}"\n\n${help(commands)}`)
    return 2
  }
  // The Clock's timers do not keep a process alive; a command that waits by one must not end for it.
  const alive = setInterval(() => {}, 0x7fffffff)
  try {
    const run = await command.load()
    return await run(words.slice(command.name.split(" ").length))
  } catch (error) {
    if (error instanceof FlagError || error instanceof UsageError) {
      process.stderr.write(`coracle ${command.name}: ${error.message}\n`)
      return 2
    }
    const text =
      error instanceof Error ? (process.env["CORACLE_DEBUG"] ? error.stack : error.message) : String(error)
    process.stderr.write(`coracle ${command.name}: ${text}\n`)
    return 1
  } finally {
    clearInterval(alive)
  }
}

function help(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name, usage }) => `${name} ${usage ?? ""}`.length))
  const rows = commands.map(
    ({ name, usage, summary }) => `  ${`${name} ${usage ?? ""}`.padEnd(width)}  ${summary}\n`,
  )
  return `Kubernetes as one program.\n\nUsage: coracle COMMAND\n\n${rows.join("")}\nFlags of a command: coracle COMMAND --help\n`
}
