import { describe, expect, test } from "vitest"
import { FlagError, parseFlags } from "./flags.ts"

const definitions = {
  output: { type: "string", short: "o" },
  stdin: { type: "bool", short: "i" },
  tty: { type: "bool", short: "t" },
  tail: { type: "int", default: -1 },
  etcd: { type: "list" },
  cascade: { type: "string", default: "background", bare: "background" },
} as const

describe("parseFlags", () => {
  test.each([
    [["--output", "wide"], "wide"],
    [["--output=wide"], "wide"],
    [["-o", "wide"], "wide"],
    [["-owide"], "wide"],
    [["-o=wide"], "wide"],
  ])("%j", (argv, output) => {
    expect(parseFlags(argv, definitions).values.output).toBe(output)
  })

  test("groups booleans, mixes flags and arguments, and stops at --", () => {
    const parsed = parseFlags(["exec", "-it", "pod", "--", "sh", "-c", "ls"], definitions)
    expect(parsed.values).toMatchObject({ stdin: true, tty: true, tail: -1 })
    expect(parsed.arguments).toEqual(["exec", "pod", "sh", "-c", "ls"])
    expect(parsed.afterDash).toEqual(["sh", "-c", "ls"])
  })

  test("lists take commas and repetition; a bare flag does not eat the next word", () => {
    const parsed = parseFlags(["--etcd", "a,b", "--etcd=c", "--cascade", "x"], definitions)
    expect(parsed.values.etcd).toEqual(["a", "b", "c"])
    expect(parsed.arguments).toEqual(["x"])
  })

  test.each([
    [["--nope"], "unknown flag: --nope"],
    [["-x"], "unknown shorthand flag: 'x' in -x"],
    [["--output"], "flag needs an argument: --output"],
    [["--tail", "many"], 'invalid argument "many" for "--tail" flag: it is a whole number'],
  ])("%j says what is wrong", (argv, message) => {
    expect(() => parseFlags(argv, definitions)).toThrow(new FlagError(message))
  })
})
