import { expect } from "vitest"
import { createTemplates, readPages, templateName, templatesPath, total } from "./chunking-templates.ts"
import { conformance, eventually, useCluster } from "./harness.ts"

// A cluster that is there already takes its own time: five to ten minutes with usual settings.
useCluster({ compactionIntervalMs: 1000 })
const withinMs = 11 * 60_000

conformance(
  "[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Conformance] [Slow]",
  async ({ api, namespace }) => {
    const url = templatesPath(namespace)
    await createTemplates(api, url)
    const limit = total / 10
    const first = await api.get(url, { limit: String(limit) })
    expect(first["items"].length).toBe(limit)
    expect(first["metadata"].remainingItemCount).toBe(total - limit)

    const query = { limit: String(limit), continue: first["metadata"].continue }
    const expired = await eventually(
      async () => {
        // Only what has changed since can be forgotten.
        await api.create(`/api/v1/namespaces/${namespace}/configmaps`, {
          metadata: { generateName: "change-" },
        })
        const { status, body } = await api.send("GET", url, { query })
        if (status === 200) return undefined
        expect([status, body["reason"]]).toEqual([410, "Expired"])
        return body
      },
      "the place in the list is forgotten",
      withinMs,
    )

    const token = expired["metadata"].continue
    expect(token).toBeTruthy()
    const second = await api.get(url, { limit: String(limit), continue: token })
    expect(second["metadata"].resourceVersion).not.toBe(first["metadata"].resourceVersion)
    expect(second["items"].length).toBe(limit)
    const names = (await readPages(api, url, second, { limit, before: limit })).map(
      ({ metadata }) => metadata.name,
    )
    const expected = Array.from({ length: total - limit }, (_, index) => templateName(limit + index))
    expect(names).toEqual(expected)
  },
  { timeoutMs: withinMs + 60_000 },
)
