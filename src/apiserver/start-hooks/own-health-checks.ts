import { must, ping } from "../../apimachinery/health-checks.ts"
import type { Store } from "../../etcd/store.ts"
import type { HealthCheck } from "../paths/health.ts"
import { hooksOfStep, type StartState, type StartStep } from "./start-steps.ts"

const everyProbe = ["healthz", "livez", "readyz"] as const

/** What `/healthz`, `/livez` and `/readyz` ask of the server itself, by upstream's names. */
export function ownHealthChecks(store: Store, signal: AbortSignal, state: StartState): HealthCheck[] {
  const etcd = () => store.currentRevision().then(() => {})
  const steps = Object.keys(hooksOfStep) as StartStep[]
  return [
    { ...ping, of: everyProbe },
    { name: "log", of: everyProbe, check() {} },
    { name: "etcd", of: everyProbe, check: etcd },
    { name: "etcd-readiness", of: ["readyz"], check: etcd },
    {
      ...must("informer-sync", () => state.has("following"), "informers not started yet"),
      of: ["readyz"],
    },
    ...steps.flatMap((step) =>
      hooksOfStep[step].map((hook) => ({
        ...must(`poststarthook/${hook}`, () => state.has(step), "not finished"),
        of: everyProbe,
      })),
    ),
    {
      ...must("autoregister-completion", () => state.isRegistered, "missing APIServices"),
      of: everyProbe,
    },
    { ...must("shutdown", () => !signal.aborted, "process is shutting down"), of: ["readyz"] },
  ]
}
