import type { AdmissionAttributes } from "../admission.ts"
import type { Hook } from "./hooks.ts"

/** Which call of which webhook the audit log is told about. */
export interface Place {
  readonly hook: Hook
  /** 0, or 1 when the webhook is called again. */
  readonly round: number
  /** Among all webhooks there are. */
  readonly index: number
}

export function annotateMutation({ annotate }: AdmissionAttributes, place: Place, mutated: boolean): void {
  annotate?.(`mutation.webhook.admission.k8s.io/${at(place)}`, JSON.stringify({ ...names(place), mutated }))
}

/** What was changed may be secret, so it is told only where the log holds the objects themselves. */
export function annotatePatch({ annotate }: AdmissionAttributes, place: Place, patch: unknown): void {
  const value = JSON.stringify({ ...names(place), patch, patchType: "JSONPatch" })
  annotate?.(`patch.webhook.admission.k8s.io/${at(place)}`, value, "Request")
}

function at({ round, index }: Place): string {
  return `round_${round}_index_${index}`
}

function names({ hook }: Place): object {
  return { configuration: hook.configurationName, webhook: hook.webhook.name }
}
