import type { Store } from "../../etcd/store.ts"
import type { HealthCheck } from "../paths/health.ts"
import { hooksOfStep, type StartState, type StartStep } from "./start-steps.ts"

const everyProbe = ["healthz", "livez", "readyz"] as const

/** What `/healthz`, `/livez` and `/readyz` ask of the server itself, by upstream's names. */
export function ownHealthChecks(store: Store, signal: AbortSignal, state: StartState): HealthCheck[] {
  const etcd = () => store.currentRevision().then(() => {})
  const steps = Object.keys(hooksOfStep) as StartStep[]
  return [
    { name: "ping", of: everyProbe, check() {} },
    { name: "log", of: everyProbe, check() {} },
    { name: "etcd", of: everyProbe, check: etcd },
    { name: "etcd-readiness", of: ["readyz"], check: etcd },
    must("informer-sync", ["readyz"], () => state.has("following"), "informers not started yet"),
    ...steps.flatMap((step) =>
      hooksOfStep[step].map((hook) =>
        must(`poststarthook/${hook}`, everyProbe, () => state.has(step), "not finished"),
      ),
    ),
    must("autoregister-completion", everyProbe, () => state.isRegistered, "missing APIServices"),
    must("shutdown", ["readyz"], () => !signal.aborted, "process is shutting down"),
  ]
}

function must(name: string, of: HealthCheck["of"], isSo: () => boolean, otherwise: string): HealthCheck {
  return {
    name,
    of,
    check() {
      if (!isSo()) throw new Error(otherwise)
    },
  }
}
