import { connect } from "node:net"
import type { Clock } from "../../../base/clock.ts"
import { quote } from "../../../base/quote.ts"
import { describeNetworkError } from "../../../base/real/describe-network-error.ts"
import type { Probe } from "../../../api/core/v1/probe.ts"
import { isRuntimeError, type RuntimeService } from "../../../container-runtime/cri.ts"
import { containerPort } from "../../containers/container-port.ts"
import type { ProbeTarget } from "../../node-host.ts"
import type { ProbeOutcome } from "../../probes/probe-counter.ts"
import { checkGrpcHealth } from "./grpc-health.ts"
import { getFollowing, httpTarget } from "./http-request.ts"

export const probeUserAgent = "kube-probe/1.36"

/** Tries a probe once. Messages are upstream's, which quote Go's network library. */
export async function tryProbe(
  { runtime, clock }: { readonly runtime: RuntimeService; readonly clock: Clock },
  target: ProbeTarget,
  probe: Probe,
): Promise<ProbeOutcome> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1
  try {
    if (probe.exec) return await tryExec(runtime, target, probe.exec.command ?? [], timeoutSeconds)
    if (probe.httpGet) return await tryHttp(target, probe.httpGet, signalAfter(clock, timeoutSeconds))
    if (probe.tcpSocket) return await tryTcp(target, probe.tcpSocket, signalAfter(clock, timeoutSeconds))
    if (probe.grpc) return await tryGrpc(target, probe.grpc, timeoutSeconds, clock.now())
    return { kind: "unknown", message: `missing probe handler for ${target.pod.metadata.name}` }
  } catch (error) {
    return { kind: "unknown", message: (error as Error).message }
  }
}

/**
 * Aborts after so long. An answer that has come by then is heard first: where this process was kept busy for longer, it is not
 * what is probed that was late.
 */
function signalAfter(clock: Clock, seconds: number): AbortSignal {
  const patience = new AbortController()
  clock.after(seconds * 1000, () => clock.soon(() => patience.abort()))
  return patience.signal
}

const maxOutputBytes = 10 << 10

async function tryExec(
  runtime: RuntimeService,
  { containerId }: ProbeTarget,
  command: readonly string[],
  timeoutSeconds: number,
): Promise<ProbeOutcome> {
  try {
    const { stdout, stderr, exitCode } = await runtime.execSync(containerId, command, timeoutSeconds)
    const output = Buffer.concat([stdout, stderr]).subarray(0, maxOutputBytes).toString()
    return { kind: exitCode === 0 ? "success" : "failure", message: output }
  } catch (error) {
    if (isRuntimeError(error, "DeadlineExceeded"))
      return {
        kind: "failure",
        message: `command timed out: ${quote(command.join(" "))} timed out after ${timeoutSeconds}s`,
      }
    throw error
  }
}

async function tryHttp(
  { container, podIp }: ProbeTarget,
  action: NonNullable<Probe["httpGet"]>,
  timeout: AbortSignal,
): Promise<ProbeOutcome> {
  const target = httpTarget(action, containerPort(container, action.port), podIp, probeUserAgent)
  try {
    const { status, body } = await getFollowing(target, timeout)
    if (status >= 300 && status < 400) {
      const message = `Probe terminated redirects, Response body: ${body}`
      return { kind: "success", message, isWarning: true }
    }
    if (status >= 200 && status < 300) return { kind: "success", message: "" }
    return { kind: "failure", message: `HTTP probe failed with statuscode: ${status}` }
  } catch (error) {
    const why = timeout.aborted
      ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
      : describeNetworkError(error as NodeJS.ErrnoException, target.url.hostname, target.url.port)
    return failure(`Get ${quote(target.url.href)}: ${why}`, error)
  }
}

function tryTcp(
  { container, podIp }: ProbeTarget,
  action: NonNullable<Probe["tcpSocket"]>,
  timeout: AbortSignal,
): Promise<ProbeOutcome> {
  const host = action.host || podIp
  const port = containerPort(container, action.port)
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const settle = (outcome: ProbeOutcome) => {
      socket.destroy()
      resolve(outcome)
    }
    const message = `dial tcp ${host}:${port}: i/o timeout`
    timeout.addEventListener("abort", () => settle({ kind: "failure", message }), { once: true })
    socket.once("connect", () => settle({ kind: "success", message: "" }))
    socket.once("error", (error) => settle(failure(describeNetworkError(error, host, port), error)))
  })
}

async function tryGrpc(
  { podIp }: ProbeTarget,
  { port, service }: NonNullable<Probe["grpc"]>,
  timeoutSeconds: number,
  now: number,
): Promise<ProbeOutcome> {
  const address = podIp.includes(":") ? `[${podIp}]:${port}` : `${podIp}:${port}`
  const { error, status } = await checkGrpcHealth(address, service ?? "", {
    timeoutMs: timeoutSeconds * 1000,
    now,
  })
  if (status === "SERVING") return { kind: "success", message: "service healthy" }
  if (error === "unimplemented")
    return {
      kind: "failure",
      message:
        "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health",
    }
  if (error === "unavailable")
    return {
      kind: "failure",
      message: `timeout: failed to connect service ${quote(address)} within ${timeoutSeconds}s: context deadline exceeded`,
      refused: true,
    }
  if (error === "deadline")
    return { kind: "failure", message: `timeout: health rpc did not complete within ${timeoutSeconds}s` }
  if (error) return { kind: "failure", message: `error: health rpc probe failed: ${error}` }
  return { kind: "failure", message: `service unhealthy (responded with ${quote(status ?? "UNKNOWN")})` }
}

function failure(message: string, error: unknown): ProbeOutcome {
  const refused = (error as NodeJS.ErrnoException).code === "ECONNREFUSED"
  return { kind: "failure", message, ...(refused && { refused }) }
}
