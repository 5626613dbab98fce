import type { Kubelet } from "../kubelet.ts"
import type { LogOptions } from "../node-host.ts"
import type { PodWorker } from "../pods/pod-worker.ts"
import { loggedContainerOf, podOf } from "./container-of-request.ts"
import { HttpProblem } from "./http-problem.ts"

/** GET /containerLogs/{namespace}/{pod}/{container}: the log, for as long as it is followed. Throws HttpProblem. */
export function readContainerLogs(
  kubelet: Kubelet,
  [namespace, podName, containerName]: readonly [string, string, string],
  query: URLSearchParams,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const worker = podOf(kubelet, namespace, podName)
  const container = loggedContainerOf(worker, containerName, query.get("previous") === "true")
  const options = logOptions(query, kubelet.services.clock.now())
  const ended = container.state === "running" ? untilEnded(worker, container.id, signal) : Promise.resolve()
  const source = { containerId: container.id, path: container.logPath, ended }
  return kubelet.services.host.logs.read(source, options, signal)
}

function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const number = (name: string): number | undefined => {
    const text = query.get(name)
    if (text === null || text === "") return undefined
    const value = Number(text)
    if (!Number.isInteger(value) || value < 0) throw new HttpProblem(422, `${name}: invalid value ${text}`)
    return value
  }
  const sinceSeconds = number("sinceSeconds")
  const sinceTime = query.get("sinceTime")
  const sinceMs = sinceTime ? Date.parse(sinceTime) : sinceSeconds && nowMs - sinceSeconds * 1000
  const tailLines = number("tailLines")
  const limitBytes = number("limitBytes")
  const stream = { Stdout: "stdout", Stderr: "stderr" }[query.get("stream") ?? ""] as LogOptions["stream"]
  return {
    follow: query.get("follow") === "true",
    timestamps: query.get("timestamps") === "true",
    ...(sinceMs && { sinceMs }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(stream && { stream }),
  }
}

function untilEnded(worker: PodWorker, containerId: string, signal: AbortSignal): Promise<void> {
  return worker.until(
    ({ runtime }) => !runtime.containers.some(({ id, state }) => id === containerId && state === "running"),
    signal,
  )
}
