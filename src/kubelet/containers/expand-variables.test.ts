import { expect, it } from "vitest"
import { expandVariables, missingVariables } from "./expand-variables.ts"

const variables = { A: "1", B: "$(A)", EMPTY: "" }

it.each([
  ["$(A)", "1"],
  ["$(A)-$(A)", "1-1"],
  ["$(B)", "$(A)"],
  ["$(EMPTY)|", "|"],
  ["$(NONE)", "$(NONE)"],
  ["$$(A)", "$(A)"],
  ["$$$(A)", "$1"],
  ["$$", "$"],
  ["$(A", "$(A"],
  ["$A $ (A)", "$A $ (A)"],
  ["$(constructor)", "$(constructor)"],
])("%s becomes %s", (text, expanded) => expect(expandVariables(text, variables)).toBe(expanded))

it("names what it does not know", () => {
  expect(missingVariables("$(A)/$(X)/$$(Y)", variables)).toEqual(["X"])
})
