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
  const container = loggedContainerOf(worker, containerName, isSet(query, "previous"))
  const options = logOptions(query, kubelet.services.clock.now())
  const ended = container.state === "running" ? untilEnded(worker, container.id, signal) : Promise.resolve()
  const source = { containerId: container.id, path: container.logPath, ended }
  return kubelet.services.host.logs.read(source, options, signal)
}

const unreadable = new HttpProblem(400, '{"message": "Unable to decode query."}')
const invalid = new HttpProblem(422, '{"message": "Invalid request."}')

/** Throws HttpProblem. Exported for its test. */
export function logOptions(query: URLSearchParams, nowMs: number): LogOptions {
  const integer = (name: string, atLeast: number): number | undefined => {
    const text = query.get(name)
    if (text === null || text === "") return undefined
    if (!/^[+-]?\d+$/.test(text)) throw unreadable
    if (Number(text) < atLeast) throw invalid
    return Number(text)
  }
  const sinceSeconds = integer("sinceSeconds", 1)
  const sinceTime = query.get("sinceTime") || undefined
  if (sinceTime && Number.isNaN(Date.parse(sinceTime))) throw unreadable
  if (sinceTime && sinceSeconds !== undefined) throw invalid
  const sinceMs = sinceTime ? Date.parse(sinceTime) : sinceSeconds && nowMs - sinceSeconds * 1000
  // An older name of it; "all" is the same as not to ask.
  const older = query.get("tail")
  const tailLines = older === "all" ? undefined : integer(older ? "tail" : "tailLines", 0)
  const limitBytes = integer("limitBytes", 1)
  const stream = streamOf(query.get("stream") ?? "")
  if (stream && tailLines !== undefined) throw invalid
  return {
    follow: isSet(query, "follow"),
    timestamps: isSet(query, "timestamps"),
    ...(sinceMs && { sinceMs }),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(stream && { stream }),
  }
}

function streamOf(name: string): LogOptions["stream"] {
  if (name === "" || name === "All") return undefined
  if (name === "Stdout") return "stdout"
  if (name === "Stderr") return "stderr"
  throw invalid
}

/** As the API's query parameters are read: all but "false" and "0" is true. */
function isSet(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  return text !== null && text.toLowerCase() !== "false" && text !== "0"
}

function untilEnded(worker: PodWorker, containerId: string, signal: AbortSignal): Promise<void> {
  return worker.until(
    ({ runtime }) => !runtime.containers.some(({ id, state }) => id === containerId && state === "running"),
    signal,
  )
}
