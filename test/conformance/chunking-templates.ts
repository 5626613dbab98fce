import { expect } from "vitest"
import type { Api, Json } from "./harness.ts"

/** How many objects are listed in pages. */
export const total = 400

export const templatesPath = (namespace: string) => `/api/v1/namespaces/${namespace}/podtemplates`

export const templateName = (index: number) => `template-${String(index).padStart(4, "0")}`

export async function createTemplates(api: Api, url: string): Promise<void> {
  const template = { spec: { containers: [{ name: "test", image: "test2" }] } }
  const next = Array.from({ length: total }, (_, index) => templateName(index))[Symbol.iterator]()
  const creator = async () => {
    for (const name of next) await api.create(url, { metadata: { name }, template })
  }
  await Promise.all(Array.from({ length: 10 }, creator))
}

/** Every page from `token` on, checked: full, counted, of one version. */
export async function readPages(
  api: Api,
  url: string,
  first: Json,
  { limit, before = 0 }: { limit: number /** Items of pages before the first. */; before?: number },
): Promise<Json[]> {
  const items: Json[] = [...first["items"]]
  let page = first
  while (page["metadata"].continue) {
    expect(page["metadata"].remainingItemCount).toBe(total - before - items.length)
    page = await api.get(url, { limit: String(limit), continue: page["metadata"].continue })
    expect(page["items"].length).toBeLessThanOrEqual(limit)
    expect(page["metadata"].resourceVersion).toBe(first["metadata"].resourceVersion)
    items.push(...page["items"])
  }
  expect(page["metadata"].remainingItemCount).toBeUndefined()
  return items
}
