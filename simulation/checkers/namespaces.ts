import { type Checker, nameOf } from "./checker.ts"

/** A namespace goes last, when nothing is left in it; and nothing is made in one that is not there. */
export function namespaces(contents: readonly string[]): Checker {
  const inside = (namespace: string, objects: Parameters<NonNullable<Checker["atRest"]>>[0]) =>
    contents.flatMap((resource) =>
      objects
        .list(resource)
        .filter(({ metadata }) => metadata.namespace === namespace)
        .map((object) => `${resource} ${nameOf(object)}`),
    )
  return {
    name: "namespaces",
    observe({ resource, current, previous }, objects) {
      if (resource === "namespaces" && !current) {
        const left = inside(previous!.metadata.name, objects)
        return left.length > 0 ? `${previous!.metadata.name} goes, and there is still ${left[0]}` : undefined
      }
      const namespace = current?.metadata.namespace
      if (!namespace || previous || resource === "namespaces") return undefined
      return objects.find("namespaces", "", namespace)
        ? undefined
        : `${resource} ${nameOf(current)} is made in a namespace that is not there`
    },
  }
}
