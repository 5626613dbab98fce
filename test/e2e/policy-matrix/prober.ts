import type { ChildProcess } from "node:child_process"
import { readFileSync } from "node:fs"
import { createInterface } from "node:readline"

/** What runs in pods: node with this script. */
export const proberScript = readFileSync(new URL("prober.mjs", import.meta.url), "utf8")

/** The ports that every prober answers on. */
export const servedPorts = [
  { protocol: "TCP", port: 80 },
  { protocol: "TCP", port: 81 },
  { protocol: "UDP", port: 80 },
] as const

export interface Target {
  readonly address: string
  readonly protocol: "TCP" | "UDP"
  readonly port: number
  /** How long an answer is waited for. */
  readonly timeoutMs: number
}

/** One prober, asked line by line over its standard input and output; one question at a time. */
export class Prober {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, (answered: boolean[]) => void>()
  #round = 0

  constructor(process: ChildProcess) {
    this.#process = process
    createInterface({ input: process.stdout! }).on("line", (line) => {
      if (!line.startsWith("{")) return
      const { round, answered } = JSON.parse(line) as { round: number; answered: boolean[] }
      this.#waiting.get(round)?.(answered)
      this.#waiting.delete(round)
    })
  }

  /** Which of the targets answer in time, in their order. */
  probe(targets: readonly Target[]): Promise<boolean[]> {
    if (targets.length === 0) return Promise.resolve([])
    const round = ++this.#round
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the prober does not answer")), 20_000)
      this.#waiting.set(round, (answered) => {
        clearTimeout(timer)
        resolve(answered)
      })
      this.#process.stdin!.write(`${JSON.stringify({ round, targets })}\n`)
    })
  }

  close(): void {
    this.#process.kill()
  }
}
