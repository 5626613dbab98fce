import { spawn } from "node:child_process"
import { CommandError, type Commands } from "../commands.ts"

export interface CommandsOptions {
  /** Put before every command: `["nsenter", "--net=/run/netns/node-2"]` runs them in another network namespace. */
  readonly prefix?: readonly string[]
}

/** Programs of this machine. Administrators' directories are searched too: a plain user's PATH often lacks them. */
export function createCommands({ prefix = [] }: CommandsOptions = {}): Commands {
  const env = {
    ...process.env,
    PATH: `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/sbin:/sbin`,
    LC_ALL: "C",
  }
  return {
    run(program, args, input = "") {
      const [file, ...rest] = [...prefix, program, ...args]
      return new Promise((resolve, reject) => {
        const child = spawn(file!, rest, { env, stdio: ["pipe", "pipe", "pipe"] })
        const stdout: Buffer[] = []
        const stderr: Buffer[] = []
        child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
        child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
        // A program that ends without reading its input is judged by its exit code, not by the broken pipe.
        child.stdin.on("error", () => {})
        child.on("error", (error) => reject(new CommandError(program, undefined, error.message)))
        child.on("close", (code) => {
          if (code === 0) resolve(Buffer.concat(stdout).toString())
          else reject(new CommandError(program, code ?? undefined, Buffer.concat(stderr).toString()))
        })
        child.stdin.end(input)
      })
    },
  }
}
