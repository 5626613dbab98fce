import { type Clock, sleep } from "../../base/clock.ts"
import { quote } from "../../base/quote.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { LifecycleHandler } from "../../api/core/v1/probe.ts"
import type { EventRecorder } from "../../client/event-recorder.ts"
import type { RuntimeService } from "../../container-runtime/cri.ts"
import { containerPort } from "../containers/container-port.ts"
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { formatPod } from "../pods/pod-containers.ts"

type HttpAction = NonNullable<LifecycleHandler["httpGet"]>

export interface HookTarget {
  readonly pod: Pod
  readonly container: Container
  readonly containerId: string
  /** Where HTTP hooks go. */
  readonly podIp: string
}

export interface HookAnswer {
  /** The server spoke plain HTTP where HTTPS was asked for, and was asked so: "10.0.0.7:8443". */
  readonly plainAt?: string
}

export interface HookRunnerOptions {
  readonly runtime: RuntimeService
  readonly clock: Clock
  readonly events: EventRecorder
  readonly metrics: KubeletMetrics
  /** GETs what an HTTP hook names; whatever the answer is, it was told. */
  readonly httpGet: (
    action: HttpAction,
    port: number,
    podIp: string,
    signal: AbortSignal,
  ) => Promise<HookAnswer>
}

/** Runs what a container wants to have run right after its start and before its end. */
export class HookRunner {
  readonly #options: HookRunnerOptions

  constructor(options: HookRunnerOptions) {
    this.#options = options
  }

  /** Resolves when the hook has done its work. Throws, in upstream's words, when it failed or `signal` aborted. */
  async run(handler: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<void> {
    if (handler.exec) return this.#exec(handler.exec.command ?? [], target, signal)
    if (handler.httpGet) return this.#http(handler.httpGet, target, signal)
    if (handler.sleep) return this.#sleep(handler.sleep.seconds, signal)
    // tcpSocket has never done anything, but objects that have it are accepted.
    throw new Error("Cannot run handler: invalid handler")
  }

  async #exec(command: readonly string[], target: HookTarget, signal: AbortSignal): Promise<void> {
    const fail = (why: string, output: string) => {
      const hook = `Exec lifecycle hook ([${command.join(" ")}])`
      throw new Error(`${hook} ${failedIn(target)} - error: ${why}, message: ${quote(output)}`)
    }
    const work = this.#options.runtime.execSync(target.containerId, command, 0)
    const result = await until(signal, work).catch((error: Error) => fail(error.message, ""))
    if (result.exitCode === 0) return
    const [stdout, stderr] = [text(result.stdout), text(result.stderr)]
    fail(`command '${command.join(" ")}' exited with ${result.exitCode}: ${stderr}`, stdout + stderr)
  }

  async #http(action: HttpAction, target: HookTarget, signal: AbortSignal): Promise<void> {
    const { httpGet, metrics, events } = this.#options
    try {
      const port = containerPort(target.container, action.port)
      const { plainAt } = await httpGet(action, port, target.podIp, signal)
      if (plainAt === undefined) return
      metrics.hookFallbacks.add(1)
      const message = `request to HTTPS lifecycle hook ${plainAt} got HTTP response, retry with HTTP succeeded`
      events.event(target.pod, "Warning", "LifecycleHTTPFallback", message)
    } catch (error) {
      const hook = `HTTP lifecycle hook (${action.path ?? ""})`
      const why = (error as Error).message
      throw new Error(`${hook} ${failedIn(target)} - error: ${why}`, { cause: error })
    }
  }

  async #sleep(seconds: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, seconds * 1000, signal)
    if (signal.aborted) this.#options.metrics.sleepsCutShort.add(1)
  }
}

function failedIn({ container, pod }: HookTarget): string {
  return `for Container ${quote(container.name)} in Pod ${quote(formatPod(pod))} failed`
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

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
