import type { Resource } from "../../apimachinery/resource.ts"
import type { ResourceOfKey } from "./encrypting-store.ts"

const root = "/registry/"

/** Built-in resources have prefixes of their own; custom ones are kept below "GROUP/PLURAL/". */
export function resourceOfKey(builtIn: readonly Resource[]): ResourceOfKey {
  const byPrefix = new Map(
    builtIn
      .filter(({ storedAs }) => !storedAs)
      .map(({ storagePrefix, group, plural }) => [storagePrefix, { group, resource: plural }] as const),
  )
  return (key) => {
    if (!key.startsWith(root)) return undefined
    const [first = "", second = ""] = key.slice(root.length).split("/", 2)
    const found = byPrefix.get(`${first}/${second}`) ?? byPrefix.get(first)
    if (found) return found
    return first.includes(".") ? { group: first, resource: second } : undefined
  }
}
