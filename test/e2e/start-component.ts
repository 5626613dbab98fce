import { type ChildProcess, spawn } from "node:child_process"
import { cli } from "./cluster.ts"

/** `coracle NAME ...` in the foreground: resolves when it has said its first word, rejects with its errors when it ends before. */
export function startComponent(...words: readonly string[]): Promise<ChildProcess> {
  const component = spawn(process.execPath, [cli, ...words], { stdio: ["ignore", "pipe", "pipe"] })
  return new Promise((resolve, reject) => {
    let said = ""
    component.stderr.on("data", (data: Buffer) => (said += data.toString()))
    component.stdout.once("data", () => resolve(component))
    component.once("exit", () => reject(new Error(said)))
  })
}
