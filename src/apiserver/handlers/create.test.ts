import { expect, it } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { forbidden } from "../../apimachinery/status-errors.ts"
import { startTestServer } from "../testing.ts"

it("hears admission before it minds that a new object has a version", async () => {
  let refuses = false
  const admission = {
    mutate: async ({ object }: { object: unknown }) => object as never,
    validate: async () => {
      if (refuses) throw forbidden(ConfigMap, "a", "not here")
    },
  }
  const { client, stop } = await startTestServer({ admission })
  refuses = true
  const metadata = { namespace: "default", name: "a", resourceVersion: "7" }
  await expect(client.create(ConfigMap, { metadata })).rejects.toThrow("not here")
  await stop()
})
