import { expect, it } from "vitest"
import { parseNodeLogQuery } from "./node-log-query.ts"

const parse = (text: string) => parseNodeLogQuery(new URLSearchParams(text))

it("is none where nothing is asked", () => expect(parse("")).toBeUndefined())

it("tells services from files by the slash", () => {
  expect(parse("query=kubelet&query=crio&tailLines=5&boot=-1&pattern=err")).toEqual({
    services: ["kubelet", "crio"],
    tailLines: 5,
    boot: -1,
    pattern: "err",
    hasOptions: true,
  })
  expect(parse("query=/pods/a.log")).toEqual({ services: [], file: "/pods/a.log", hasOptions: false })
})

it.each([
  ["query=", 'query: Invalid value: [""]: may not be empty'],
  ["tailLines=5", "query: Required value: cannot be empty with options"],
  ["query=/a&query=b", "cannot specify a file and service"],
  ["query=/a&query=/b", "cannot specify more than one file"],
  ["query=/a&boot=0", "cannot specify file with options"],
  ["query=a&boot=1", "boot: Invalid value: 1: must be less than 1"],
  ["query=a&boot=x", 'strconv.Atoi: parsing "x": invalid syntax'],
  ["query=a&tailLines=100001", "must be between 0 and 100000, inclusive"],
  ["query=a&sinceTime=yesterday", 'sinceTime: Invalid value: "yesterday": invalid time format'],
  ["query=a&sinceTime=2020-01-02T00:00:00Z&untilTime=2020-01-01T00:00:00Z", "must be after `sinceTime`"],
  ["query=a;b", "input contains unsupported characters"],
  ["query=a&query=b&query=c&query=d&query=e", "query: Too many: 5: must have at most 4 items"],
])("%s is refused", (text, message) => expect(() => parse(text)).toThrow(message))
