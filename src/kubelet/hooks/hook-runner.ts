import type { Clock } from "../../base/clock.ts"
import { sleep } from "../../base/clock.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { LifecycleHandler } from "../../api/core/v1/probe.ts"
import { type ExecResult, isRuntimeError, type RuntimeService } from "../../container-runtime/cri.ts"
import { containerPort } from "../containers/container-port.ts"

export interface HookTarget {
  readonly container: Container
  readonly containerId: string
  /** Where HTTP hooks go. */
  readonly podIp: string
}

export interface HookRunnerOptions {
  readonly runtime: RuntimeService
  readonly clock: Clock
  /** GETs what an HTTP hook names; resolves to the status code. */
  readonly httpGet: (
    action: NonNullable<LifecycleHandler["httpGet"]>,
    port: number,
    podIp: string,
    signal: AbortSignal,
  ) => Promise<number>
}

/** Runs what a container wants to have run right after its start and before its end. */
export class HookRunner {
  readonly #options: HookRunnerOptions

  constructor(options: HookRunnerOptions) {
    this.#options = options
  }

  /** Resolves when the hook has done its work. Throws with a text for people when it failed or `signal` aborted. */
  async run(handler: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<void> {
    if (handler.exec) return this.#exec(handler.exec.command ?? [], target, signal)
    if (handler.httpGet) return this.#http(handler.httpGet, target, signal)
    if (handler.sleep) return sleep(this.#options.clock, handler.sleep.seconds * 1000, signal)
    // tcpSocket has never done anything, but objects that have it are accepted.
    throw new Error("invalid handler")
  }

  async #exec(command: readonly string[], { containerId }: HookTarget, signal: AbortSignal): Promise<void> {
    const result = await until(signal, this.#options.runtime.execSync(containerId, command, 0))
    if (result.exitCode !== 0)
      throw new Error(`command '${command.join(" ")}' exited with ${result.exitCode}: ${outputOf(result)}`)
  }

  async #http(
    action: NonNullable<LifecycleHandler["httpGet"]>,
    { container, podIp }: HookTarget,
    signal: AbortSignal,
  ): Promise<void> {
    const port = containerPort(container, action.port)
    const status = await this.#options.httpGet(action, port, podIp, signal)
    if (status >= 400) throw new Error(`HTTP hook failed with statuscode: ${status}`)
  }
}

/** A command cannot be called back; who waits for it can stop waiting. */
function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error("the hook did not end in time"))
    if (signal.aborted) giveUp()
    signal.addEventListener("abort", giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp))
  })
}

function outputOf({ stdout, stderr }: ExecResult): string {
  const decoder = new TextDecoder()
  return `${decoder.decode(stdout)}${decoder.decode(stderr)}`
}

/** True when the container was gone before its hook ran: not the hook's fault. */
export function isContainerGone(error: unknown): boolean {
  return isRuntimeError(error, "NotFound")
}
