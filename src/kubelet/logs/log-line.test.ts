import { expect, it } from "vitest"
import { LogFilter, parseLogLine } from "./log-line.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const line = (text: string) => parseLogLine(bytes(text))!
const decode = (out: Uint8Array) => new TextDecoder().decode(out)

it("reads a line of the container runtime", () => {
  const { text, ...rest } = line("2026-01-02T03:04:05.123456789Z stderr F hello  world\n")
  expect(rest).toEqual({ timestamp: "2026-01-02T03:04:05.123456789Z", stream: "stderr", isPartial: false })
  expect(decode(text)).toBe("hello  world\n")
  expect(decode(line("2026-01-02T03:04:05Z stdout F \n").text)).toBe("\n")
})

it("knows what is no such line", () => {
  expect(parseLogLine(bytes("garbage\n"))).toBeUndefined()
  expect(parseLogLine(bytes("2026-01-02T03:04:05Z stdmid F x\n"))).toBeUndefined()
})

it("puts a long line together again, with one timestamp", () => {
  const filter = new LogFilter({ timestamps: true })
  const parts = ["2026-01-02T03:04:05Z stdout P one\n", "2026-01-02T03:04:06Z stdout F two\n"]
  expect(parts.map((part) => decode(filter.take(line(part)))).join("")).toBe("2026-01-02T03:04:05Z onetwo\n")
})

it("leaves out what is too old or of the other stream, and stops at the limit", () => {
  const sinceMs = Date.parse("2026-01-02T03:04:05Z")
  const filter = new LogFilter({ timestamps: false, sinceMs, stream: "stdout", limitBytes: 5 })
  const take = (text: string) => decode(filter.take(line(text)))
  expect(take("2026-01-02T03:04:04.9Z stdout F old\n")).toBe("")
  expect(take("2026-01-02T03:04:05.1Z stderr F err\n")).toBe("")
  expect(take("2026-01-02T03:04:05.1Z stdout F abc\n")).toBe("abc\n")
  expect(filter.isFull).toBe(false)
  expect(take("2026-01-02T03:04:05.2Z stdout F def\n")).toBe("d")
  expect(filter.isFull).toBe(true)
})
