import { expect } from "vitest"
import { createTemplates, readPages, templatesPath, total } from "./chunking-templates.ts"
import { conformance, type Json, useCluster } from "./harness.ts"

useCluster()

conformance(
  "[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]",
  async ({ api, namespace }) => {
    const url = templatesPath(namespace)
    await createTemplates(api, url)
    const limit = 17
    const first = await api.get(url, { limit: String(limit) })
    expect(first["items"].length).toBe(limit)
    const names = (await readPages(api, url, first, { limit })).map(({ metadata }) => metadata.name)
    expect(names.length).toBe(total)
    const all = await api.get(url)
    expect(all["items"].map((item: Json) => item["metadata"].name)).toEqual(names)
  },
)
