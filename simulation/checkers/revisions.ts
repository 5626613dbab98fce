import { type Checker, nameOf } from "./checker.ts"

/** Revisions only grow, and an object's uid and creation never change while it lives. */
export function revisions(): Checker {
  let last = 0
  return {
    name: "revisions",
    observe({ revision, current, previous }) {
      if (revision < last) return `revision ${revision} comes after ${last}`
      last = revision
      if (current && previous && current.metadata.uid !== previous.metadata.uid)
        return `${nameOf(current)} became another object without having been deleted`
      return undefined
    },
  }
}
