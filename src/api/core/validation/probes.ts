import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { httpHeaderNameProblems, portNameProblems, portNumberProblems } from "../../../apimachinery/names.ts"
import { type Errors, nonNegative, oneOfIfSet, problems, required } from "../../validation/checks.ts"
import type { PodOS } from "../v1/pod.ts"
import type {
  ExecAction,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
  ProbeHandler,
  SleepAction,
} from "../v1/probe.ts"

/** What of a pod the rules for its containers depend on. */
export interface ContainerSurroundings {
  readonly gracePeriodSeconds: number | undefined
  readonly os: PodOS | undefined
}

export function* validateLivenessProbe(
  probe: Probe | undefined,
  pod: ContainerSurroundings,
  path: FieldPath,
): Errors {
  if (!probe) return
  yield* validateProbe(probe, pod, path)
  if (probe.successThreshold !== 1) {
    yield invalidValue(path.child("successThreshold"), probe.successThreshold, "must be 1")
  }
}

/** Both end once they succeeded or restart the container; one success says it all. */
export const validateStartupProbe = validateLivenessProbe

export function* validateReadinessProbe(
  probe: Probe | undefined,
  pod: ContainerSurroundings,
  path: FieldPath,
): Errors {
  if (!probe) return
  yield* validateProbe(probe, pod, path)
  const { terminationGracePeriodSeconds: seconds } = probe
  if (seconds !== undefined) {
    const detail = "must not be set for readinessProbes"
    yield invalidValue(path.child("terminationGracePeriodSeconds"), seconds, detail)
  }
}

const probeNumbers = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const

function* validateProbe(probe: Probe, pod: ContainerSurroundings, path: FieldPath): Errors {
  yield* validateHandler(probe, pod, path)
  for (const name of probeNumbers) yield* nonNegative(probe[name], path.child(name))
  const { terminationGracePeriodSeconds: seconds } = probe
  if (seconds !== undefined && seconds <= 0) {
    yield invalidValue(path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0")
  }
}

type Handler = ProbeHandler & LifecycleHandler

/** One way to ask or tell the container, and no more. */
function* validateHandler(handler: Handler, pod: ContainerSurroundings, path: FieldPath): Errors {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  const ways = [
    { name: "exec", errors: exec && (() => execAction(exec, path.child("exec"))) },
    { name: "httpGet", errors: httpGet && (() => httpGetAction(httpGet, path.child("httpGet"))) },
    {
      name: "tcpSocket",
      errors: tcpSocket && (() => portNumberOrName(tcpSocket.port, path.child("tcpSocket", "port"))),
    },
    { name: "grpc", errors: grpc && (() => portNumberOrName(grpc.port, path.child("grpc", "port"))) },
    { name: "sleep", errors: sleep && (() => sleepAction(sleep, pod, path.child("sleep"))) },
  ]
  let found = 0
  for (const { name, errors } of ways) {
    if (!errors) continue
    if (found++ > 0) yield forbiddenValue(path.child(name), "may not specify more than 1 handler type")
    else yield* errors()
  }
  if (found === 0) yield requiredValue(path, "must specify a handler type")
}

function* execAction({ command }: ExecAction, path: FieldPath): Errors {
  yield* required(command, path.child("command"))
}

const schemes = ["HTTP", "HTTPS"]

function* httpGetAction(
  { path: target, port, scheme, httpHeaders = [] }: HTTPGetAction,
  path: FieldPath,
): Errors {
  yield* required(target, path.child("path"))
  yield* portNumberOrName(port, path.child("port"))
  yield* oneOfIfSet(scheme, path.child("scheme"), schemes)
  for (const { name } of httpHeaders) {
    yield* problems(name, path.child("httpHeaders"), httpHeaderNameProblems(name))
  }
}

export function* portNumberOrName(port: number | string, path: FieldPath): Errors {
  yield* problems(port, path, typeof port === "number" ? portNumberProblems(port) : portNameProblems(port))
}

function* sleepAction({ seconds }: SleepAction, pod: ContainerSurroundings, path: FieldPath): Errors {
  const { gracePeriodSeconds: most } = pod
  if (most !== undefined && (seconds < 0 || seconds > most)) {
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${most})`
    yield invalidValue(path, seconds, detail)
  }
}

export function* validateLifecycle(
  lifecycle: Lifecycle,
  pod: ContainerSurroundings,
  path: FieldPath,
): Errors {
  const { postStart, preStop, stopSignal } = lifecycle
  if (postStart) yield* validateHandler(postStart, pod, path.child("postStart"))
  if (preStop) yield* validateHandler(preStop, pod, path.child("preStop"))
  if (stopSignal !== undefined) yield* validateStopSignal(stopSignal, pod, path.child("stopSignal"))
}

const windowsSignals = ["SIGKILL", "SIGTERM"]
const realTimeSignals = [
  ...Array.from({ length: 15 }, (_, index) => `SIGRTMIN+${index + 1}`),
  ...Array.from({ length: 14 }, (_, index) => `SIGRTMAX-${14 - index}`),
]
const linuxSignals = [
  ..."ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM"
    .split(" ")
    .map((name) => `SIG${name}`),
  ..."TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX"
    .split(" ")
    .map((name) => `SIG${name}`),
  ...realTimeSignals,
].sort()

function* validateStopSignal(signal: string, { os }: ContainerSurroundings, path: FieldPath): Errors {
  if (!os) {
    yield forbiddenValue(path, "may not be set for containers with empty `spec.os.name`")
    return
  }
  const signals = os.name === "windows" ? windowsSignals : os.name === "linux" ? linuxSignals : undefined
  if (signals && !signals.includes(signal)) yield unsupportedValue(path, signal, signals)
}
