import type { IncomingUpgrade } from "../../base/real/http-upgrade/incoming-upgrade.ts"
import { offeredInWebSocket, tunnelInWebSocket } from "../../base/real/http-upgrade/tunnel-in-web-socket.ts"
import { offersNewestWebSocket, relayCommand } from "../../client/real/remote-command/relay-command.ts"
import { tunnelUpgrade } from "../../base/real/http-upgrade/tunnel-upgrade.ts"
import { isRuntimeError } from "../../container-runtime/cri.ts"
import type { Kubelet } from "../kubelet.ts"
import { currentSandbox } from "../pods/runtime-pod.ts"
import { podOf, runningContainerOf } from "./container-of-request.ts"
import { HttpProblem } from "./http-problem.ts"

/**
 * exec, attach and port-forward: the runtime is asked for a streaming server of its own, and the upgraded connection is
 * passed on to that, byte for byte. WebSockets of the kinds that runtimes do not know become SPDY
 * (https://kep.k8s.io/4006). Resolves when it has ended; throws HttpProblem when nothing was answered yet.
 */
export async function tunnelStream(
  kubelet: Kubelet,
  upgrade: IncomingUpgrade,
  action: string,
  path: readonly string[],
  query: URLSearchParams,
): Promise<void> {
  const url = new URL(await streamUrl(kubelet, action, path, query))
  const tunnel = await openTunnel(kubelet, upgrade, { url, action, query })
  await tunnel.ended
}

interface Stream {
  readonly url: URL
  readonly action: string
  readonly query: URLSearchParams
}

function openTunnel(
  { services: { metrics } }: Kubelet,
  upgrade: IncomingUpgrade,
  { url, action, query }: Stream,
): Promise<{ readonly ended: Promise<void> }> {
  if (action === "portForward" && offeredInWebSocket(upgrade).length > 0) {
    metrics.webSockets.add(1, "portforward")
    return tunnelInWebSocket(upgrade, { url })
  }
  if (action !== "portForward" && offersNewestWebSocket(upgrade)) {
    metrics.webSockets.add(1, action)
    return relayCommand(upgrade, { target: { url }, command: streamsOf(query) })
  }
  const { request } = upgrade
  const headers = { ...request.headers, host: url.host }
  return tunnelUpgrade(upgrade, { url, method: request.method ?? "POST", headers })
}

async function streamUrl(
  kubelet: Kubelet,
  action: string,
  path: readonly string[],
  query: URLSearchParams,
): Promise<string> {
  const [namespace = "", podName = ""] = path
  const { runtime } = kubelet.services
  const worker = podOf(kubelet, namespace, podName)
  try {
    if (action === "portForward") {
      const sandbox = currentSandbox(worker.state.runtime)
      if (!sandbox?.ready) throw new HttpProblem(404, `pod ${podName} has no running sandbox`)
      return await runtime.portForward(sandbox.id, portsOf(query))
    }
    // The container is the last part; before it a pod's uid may stand.
    const container = runningContainerOf(worker, path.at(-1) ?? "")
    const streams = streamsOf(query)
    if (action === "attach") return await runtime.attach({ containerId: container.id, ...streams })
    return await runtime.exec({ containerId: container.id, command: query.getAll("command"), ...streams })
  } catch (error) {
    if (isRuntimeError(error, "Unimplemented")) throw new HttpProblem(501, error.description)
    throw error
  }
}

function portsOf(query: URLSearchParams): number[] {
  return query
    .getAll("port")
    .flatMap((list) => list.split(","))
    .map(Number)
    .filter((port) => port > 0)
}

function streamsOf(query: URLSearchParams) {
  const has = (name: string) => ["1", "true"].includes(query.get(name) ?? "")
  const tty = has("tty")
  return { tty, stdin: has("input"), stdout: has("output"), stderr: has("error") && !tty }
}
