import { spawn } from "node:child_process"
import { join } from "node:path"
import type { CredentialProviderSettings } from "../../images/credentials/provider-configuration.ts"

/** After which a program has failed. */
const timeoutMs = 60_000

/**
 * Runs a credential provider's program: a request on its input, its answer from its output. The kubelet's own environment
 * is the program's too. Rejects when it cannot be started, fails, or takes more than a minute.
 */
export function runCredentialProvider(
  directory: string,
  { name, args = [], env = [] }: CredentialProviderSettings,
  input: string,
): Promise<string> {
  const own = Object.fromEntries(env.map((variable) => [variable.name, variable.value]))
  return new Promise((resolve, reject) => {
    const child = spawn(join(directory, name), args, {
      env: { ...process.env, ...own },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk))
    // One that ends without reading the request is judged by its exit code.
    child.stdin.on("error", () => {})
    const fail = (why: string) =>
      reject(
        new Error(
          `error execing credential provider plugin ${name}: ${why}: ${Buffer.concat(stderr).toString()}`,
        ),
      )
    child.on("error", (error) => fail(error.message))
    child.on("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(stdout).toString())
      else fail(signal ? `signal: ${signal}` : `exit status ${code}`)
    })
    child.stdin.end(input)
  })
}
