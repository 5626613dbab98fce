import { expect, it } from "vitest"
import { mostExact } from "./webhook-credentials.ts"

it("the most exact name of a server counts", () => {
  const names = ["hook.default.svc", "*.svc:8443", "*.default.svc", "other.example.com:443", "*"]
  const shown = mostExact(new Map(names.map((name) => [name, name])), undefined)
  expect(shown("hook.default.svc", 443)).toBe("hook.default.svc")
  expect(shown("hook.default.svc", 8443)).toBe("*.svc:8443")
  expect(shown("third.default.svc", 443)).toBe("*.default.svc")
  expect(shown("other.example.com", 443)).toBe("other.example.com:443")
  expect(shown("other.example.com", 444)).toBe("*")
})

it("what has no name is for all the rest", () => {
  expect(mostExact(new Map(), "ours")("a", 1)).toBe("ours")
  expect(mostExact(new Map([["b", "theirs"]]), undefined)("a", 1)).toBeUndefined()
})
