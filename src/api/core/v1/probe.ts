import {
  always,
  enumeration,
  field,
  type Infer,
  inline,
  int32,
  int64,
  intOrString,
  list,
  message,
  optional,
  string,
} from "../../../apimachinery/schema.ts"

// How the kubelet asks a container how it is, and what it runs at the start and end of its life.

export const ExecAction = message("io.k8s.api.core.v1.ExecAction", {
  command: field(1, list(string)),
})
export interface ExecAction extends Infer<typeof ExecAction> {}

export const URIScheme = enumeration("HTTP", "HTTPS")
export type URIScheme = Infer<typeof URIScheme>

export const HTTPHeader = message("io.k8s.api.core.v1.HTTPHeader", {
  name: always(1, string, { required: true }),
  value: always(2, string, { required: true }),
})
export interface HTTPHeader extends Infer<typeof HTTPHeader> {}

export const HTTPGetAction = message("io.k8s.api.core.v1.HTTPGetAction", {
  path: field(1, string, { default: "/" }),
  port: always(2, intOrString, { required: true }),
  host: field(3, string),
  scheme: field(4, URIScheme, { default: "HTTP" }),
  httpHeaders: field(5, list(HTTPHeader)),
})
export interface HTTPGetAction extends Infer<typeof HTTPGetAction> {}

export const TCPSocketAction = message("io.k8s.api.core.v1.TCPSocketAction", {
  port: always(1, intOrString, { required: true }),
  host: field(2, string),
})
export interface TCPSocketAction extends Infer<typeof TCPSocketAction> {}

export const GRPCAction = message("io.k8s.api.core.v1.GRPCAction", {
  port: always(1, int32, { required: true }),
  service: optional(2, string, { default: "" }),
})
export interface GRPCAction extends Infer<typeof GRPCAction> {}

export const ProbeHandler = message("io.k8s.api.core.v1.ProbeHandler", {
  exec: optional(1, ExecAction),
  httpGet: optional(2, HTTPGetAction),
  tcpSocket: optional(3, TCPSocketAction),
  grpc: optional(4, GRPCAction),
})
export interface ProbeHandler extends Infer<typeof ProbeHandler> {}

export const Probe = message("io.k8s.api.core.v1.Probe", {
  ...inline(1, ProbeHandler),
  initialDelaySeconds: field(2, int32),
  timeoutSeconds: field(3, int32, { default: 1 }),
  periodSeconds: field(4, int32, { default: 10 }),
  successThreshold: field(5, int32, { default: 1 }),
  failureThreshold: field(6, int32, { default: 3 }),
  terminationGracePeriodSeconds: optional(7, int64),
})
export interface Probe extends Infer<typeof Probe> {}

export const SleepAction = message("io.k8s.api.core.v1.SleepAction", {
  seconds: always(1, int64, { required: true }),
})
export interface SleepAction extends Infer<typeof SleepAction> {}

export const LifecycleHandler = message("io.k8s.api.core.v1.LifecycleHandler", {
  exec: optional(1, ExecAction),
  httpGet: optional(2, HTTPGetAction),
  tcpSocket: optional(3, TCPSocketAction),
  sleep: optional(4, SleepAction),
})
export interface LifecycleHandler extends Infer<typeof LifecycleHandler> {}

export const Signal = enumeration(
  "SIGABRT",
  "SIGALRM",
  "SIGBUS",
  "SIGCHLD",
  "SIGCLD",
  "SIGCONT",
  "SIGFPE",
  "SIGHUP",
  "SIGILL",
  "SIGINT",
  "SIGIO",
  "SIGIOT",
  "SIGKILL",
  "SIGPIPE",
  "SIGPOLL",
  "SIGPROF",
  "SIGPWR",
  "SIGQUIT",
  "SIGRTMAX",
  "SIGRTMAX-1",
  "SIGRTMAX-10",
  "SIGRTMAX-11",
  "SIGRTMAX-12",
  "SIGRTMAX-13",
  "SIGRTMAX-14",
  "SIGRTMAX-2",
  "SIGRTMAX-3",
  "SIGRTMAX-4",
  "SIGRTMAX-5",
  "SIGRTMAX-6",
  "SIGRTMAX-7",
  "SIGRTMAX-8",
  "SIGRTMAX-9",
  "SIGRTMIN",
  "SIGRTMIN+1",
  "SIGRTMIN+10",
  "SIGRTMIN+11",
  "SIGRTMIN+12",
  "SIGRTMIN+13",
  "SIGRTMIN+14",
  "SIGRTMIN+15",
  "SIGRTMIN+2",
  "SIGRTMIN+3",
  "SIGRTMIN+4",
  "SIGRTMIN+5",
  "SIGRTMIN+6",
  "SIGRTMIN+7",
  "SIGRTMIN+8",
  "SIGRTMIN+9",
  "SIGSEGV",
  "SIGSTKFLT",
  "SIGSTOP",
  "SIGSYS",
  "SIGTERM",
  "SIGTRAP",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGUSR1",
  "SIGUSR2",
  "SIGVTALRM",
  "SIGWINCH",
  "SIGXCPU",
  "SIGXFSZ",
)
export type Signal = Infer<typeof Signal>

export const Lifecycle = message("io.k8s.api.core.v1.Lifecycle", {
  postStart: optional(1, LifecycleHandler),
  preStop: optional(2, LifecycleHandler),
  stopSignal: optional(3, Signal),
})
export interface Lifecycle extends Infer<typeof Lifecycle> {}
