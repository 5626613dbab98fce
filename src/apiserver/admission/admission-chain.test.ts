import { expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { forbidden } from "../../apimachinery/status-errors.ts"
import { formatMetrics } from "../../base/metrics.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { AdmissionMetrics } from "../metrics/admission-metrics.ts"
import type { AdmissionAttributes, AdmissionPlugin } from "./admission.ts"
import { PluginChain } from "./admission-chain.ts"

test("each plugin's time is told, and how long the request waited for webhooks", async () => {
  const clock = new SimulatedClock()
  const admissionMetrics = new AdmissionMetrics()
  const on = [{ operations: ["CREATE"] as const }]
  const slow: AdmissionPlugin = {
    name: "MutatingAdmissionWebhook",
    on,
    async mutate({ object }) {
      await clock.advance(50)
      return object
    },
  }
  const refusing: AdmissionPlugin = {
    name: "No",
    on,
    validate() {
      throw forbidden(ConfigMap, "a", "no")
    },
  }
  const chain = new PluginChain([slow, refusing], { clock, admissionMetrics })
  const waits: number[] = []
  const attributes = {
    operation: "CREATE",
    resource: ConfigMap,
    subresource: "",
    waited: (milliseconds: number) => waits.push(milliseconds),
  } as unknown as AdmissionAttributes
  await chain.mutate(attributes)
  await expect(chain.validate(attributes)).rejects.toThrow("no")
  expect(waits).toEqual([50])
  const told = formatMetrics(admissionMetrics.metrics)
  const plugin = "apiserver_admission_controller_admission_duration_seconds"
  const step = "apiserver_admission_step_admission_duration_seconds"
  for (const line of [
    `${plugin}_sum{name="MutatingAdmissionWebhook",type="admit",operation="CREATE",rejected="false"} 0.05`,
    `${plugin}_count{name="No",type="validate",operation="CREATE",rejected="true"} 1`,
    `${step}_sum{type="admit",operation="CREATE",rejected="false"} 0.05`,
    `${step}_count{type="validate",operation="CREATE",rejected="true"} 1`,
  ])
    expect(told).toContain(`${line}\n`)
  expect(told).not.toContain('name="No",type="admit"')
})
