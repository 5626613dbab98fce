import { describe, expect, test } from "vitest"
import {
  formatLabelSelector,
  matchesLabels,
  nothing,
  parseLabelSelector,
  selectorFromLabels,
  selectorFromObject,
  selectsEverything,
} from "./labels.ts"

describe("parseLabelSelector", () => {
  test.each([
    ["", ""],
    ["x=a", "x=a"],
    ["x=a,y==b,z!=c", "x=a,y==b,z!=c"],
    [" x = a , z in ( b ,a,a) ", "x=a,z in (a,b)"],
    ["z,!y,x notin (c)", "x notin (c),!y,z"],
    ["x>1,y<2", "x>1,y<2"],
    ["x=", "x="],
    ["x=,y", "x=,y"],
    ["x in ()", "x in ()"],
    ["x in (a,,b)", "x in (,a,b)"],
    ["x in (,a)", "x in (,a)"],
    ["x in (a,)", "x in (,a)"],
    ["in in (in,notin)", "in in (in,notin)"],
    ["example.com/a.b", "example.com/a.b"],
    ["x,", undefined],
  ])("%j becomes %j", (text, formatted) => {
    if (formatted === undefined) expect(() => parseLabelSelector(text)).toThrow()
    else expect(formatLabelSelector(parseLabelSelector(text))).toBe(formatted)
  })

  test.each([
    ["x=a||y=b", `unable to parse requirement: values[0][x]: Invalid value: "a||y": `],
    ["x==a==b", "found '==', expected: ',' or 'end of string'"],
    ["!x=a", "found '=', expected: ',' or 'end of string'"],
    ["!x a", "found 'a', expected: ',' or 'end of string'"],
    ["x a", "unable to parse requirement: found 'a', expected: in, notin, =, ==, !=, gt, lt"],
    ["x in a", "unable to parse requirement: found 'a' expected: '('"],
    ["x in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
    ["x in (a", "unable to parse requirement: found '', expected: ',' or ')'"],
    ["x in (a b)", "unable to parse requirement: found 'b', expected: ',' or ')'"],
    ["x in (a,=)", "unable to parse requirement: found '=', expected: ',', or identifier"],
    ["x,=", "found '=', expected: identifier after ','"],
    ["=a", "found '=', expected: !, identifier, or 'end of string'"],
    ["!", "unable to parse requirement: found '', expected: identifier"],
    ["x=(", "unable to parse requirement: found '(', expected: identifier"],
    ["-x", `unable to parse requirement: <nil>: Invalid value: "-x": name part must consist of`],
    [
      "x>a",
      `unable to parse requirement: values[0]: Invalid value: "a": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ["x>", "unable to parse requirement: values[0]: Invalid value: \"\": for 'Gt', 'Lt' operators"],
  ])("%j: %s", (text, message) => {
    expect(() => parseLabelSelector(text)).toThrow(message)
  })
})

test.each([
  ["", {}, true],
  ["x", {}, false],
  ["x", { x: "" }, true],
  ["!x", { x: "" }, false],
  ["!x", undefined, true],
  ["x=a", { x: "a" }, true],
  ["x=a", { x: "b" }, false],
  ["x!=a", {}, true],
  ["x!=a", { x: "a" }, false],
  ["x in (a,b)", { x: "b" }, true],
  ["x notin (a,b)", { x: "b" }, false],
  ["x notin (a,b)", {}, true],
  ["x>5", { x: "10" }, true],
  ["x>5", { x: "5" }, false],
  ["x<5", { x: "-9223372036854775808" }, true],
  ["x<5", { x: "1.5" }, false],
  ["x<5", { x: "99999999999999999999" }, false],
  ["constructor", {}, false],
  ["constructor!=a", {}, true],
])("%j and %j: %s", (text, labels, matches) => {
  expect(matchesLabels(parseLabelSelector(text), labels)).toBe(matches)
})

test("selectors from the API's object: absent selects nothing, empty everything", () => {
  expect(selectorFromObject(undefined)).toBe(nothing)
  expect(matchesLabels(nothing, {})).toBe(false)
  expect(selectsEverything(selectorFromObject({}))).toBe(true)
  expect(selectsEverything(selectorFromLabels(undefined))).toBe(true)
  const selector = selectorFromObject({
    matchLabels: { b: "1" },
    matchExpressions: [
      { key: "a", operator: "NotIn", values: ["x", "y"] },
      { key: "c", operator: "Exists" },
      { key: "d", operator: "DoesNotExist" },
      { key: "e", operator: "In", values: ["z"] },
    ],
  })
  expect(formatLabelSelector(selector)).toBe("a notin (x,y),b=1,c,!d,e in (z)")
  expect(() => selectorFromObject({ matchExpressions: [{ key: "a", operator: "gt" }] })).toThrow(
    '"gt" is not a valid label selector operator',
  )
  expect(() => selectorFromObject({ matchExpressions: [{ key: "a", operator: "In" }] })).toThrow(
    "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
  )
})
