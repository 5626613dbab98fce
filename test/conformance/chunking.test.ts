import { expect } from "vitest"
import { type Api, conformance, type Json, useCluster } from "./harness.ts"

useCluster()

const total = 400
const path = (namespace: string) => `/api/v1/namespaces/${namespace}/podtemplates`

async function createTemplates(api: Api, url: string): Promise<void> {
  const template = { spec: { containers: [{ name: "test", image: "test2" }] } }
  const names = Array.from({ length: total }, (_, index) => `template-${String(index).padStart(4, "0")}`)
  const next = names[Symbol.iterator]()
  const creator = async () => {
    for (const name of next) await api.create(url, { metadata: { name }, template })
  }
  await Promise.all(Array.from({ length: 10 }, creator))
}

/** Every page from `token` on, checked: full, counted, of one version. */
async function readPages(api: Api, url: string, first: Json, limit: number): Promise<Json[]> {
  const items: Json[] = [...first["items"]]
  let page = first
  while (page["metadata"].continue) {
    expect(page["metadata"].remainingItemCount).toBe(total - items.length)
    page = await api.get(url, { limit: String(limit), continue: page["metadata"].continue })
    expect(page["items"].length).toBeLessThanOrEqual(limit)
    expect(page["metadata"].resourceVersion).toBe(first["metadata"].resourceVersion)
    items.push(...page["items"])
  }
  expect(page["metadata"].remainingItemCount).toBeUndefined()
  return items
}

conformance(
  "[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]",
  async ({ api, namespace }) => {
    const url = path(namespace)
    await createTemplates(api, url)
    const limit = 17
    const first = await api.get(url, { limit: String(limit) })
    expect(first["items"].length).toBe(limit)
    const names = (await readPages(api, url, first, limit)).map(({ metadata }) => metadata.name)
    expect(names.length).toBe(total)
    const all = await api.get(url)
    expect(all["items"].map((item: Json) => item["metadata"].name)).toEqual(names)
  },
)
