import { describe, expect, it } from "vitest"
import { findVariable } from "./environment-file.ts"

const find = (text: string, name: string) => findVariable(text.split("\n"), name)

describe("a file of variables", () => {
  it.each([
    ["  A='1'\n\t\tB='2'\nC='3'", "B", "2"],
    ["# A='0'\n\n  # more\nA='1' # why\nB='2'", "A", "1"],
    ["A='  x  '", "A", "  x  "],
    ["A='x#y=z'", "A", "x#y=z"],
    ["A='${HOME} $B \\n \"'", "A", '${HOME} $B \\n "'],
    ["A='one\ntwo = #3\n' # end\nB='x'", "A", "one\ntwo = #3\n"],
    ["A='one\ntwo'\nB='x'", "B", "x"],
    ["A='first'\nA='second'", "A", "first"],
    ["A=''\nB='x'", "A", ""],
    ["A= 'x'\nB='y'", "A", ""],
    ["A= 'x'\nB='y'", "B", "y"],
    ["A='x'", "B", ""],
    ["A='x'\nnonsense", "A", "x"],
    ["", "A", ""],
  ])("%j says that %s is %j", async (text, name, value) => {
    expect(await find(text, name)).toBe(value)
  })

  it.each([
    ["A = '1'", "at line 1: whitespace before '=' is not allowed"],
    ["A='1'\n='2'", "at line 2: empty variable name"],
    ["\nnonsense", "at line 2: missing '='"],
    ["A=1", "at line 1: value must be enclosed in single quotes"],
    ['A="1"', "at line 1: value must be enclosed in single quotes"],
    ["A=", "at line 1: value must be enclosed in single quotes"],
    ["A='1''2'", "at line 1: unexpected content after closing quote"],
    ["A='1\n2'x", "at line 2: unexpected content after closing quote"],
    ["\nA='1\n2", "starting at line 2: unclosed single quote"],
  ])("%j is none", async (text, problem) => {
    await expect(find(text, "B")).rejects.toThrow(`invalid environment variable format ${problem}`)
  })
})
