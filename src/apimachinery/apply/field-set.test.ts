import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  difference,
  emptySet,
  type FieldSet,
  fieldSet,
  intersection,
  isLeaf,
  listPaths,
  makeNode,
  parseFieldSet,
  recursiveDifference,
  union,
} from "./field-set.ts"
import { comparePathElements, formatPath, parsePathElement } from "./path-element.ts"

const element = fc.constantFrom("f:a", "f:b", 'k:{"n":1}', 'v:"x"')
const path = fc.array(element, { minLength: 1, maxLength: 4 })
const paths = fc.array(path, { maxLength: 6 })
const setOf = (each: string[][]): FieldSet =>
  each
    .map((steps) => steps.reduceRight<FieldSet>((inner, step) => ({ [step]: inner }), emptySet))
    .reduce(union, emptySet)
const textOf = (set: FieldSet) => listPaths(set).map((steps) => steps.join(" "))
const unique = (each: string[][]) => [...new Set(each.map((steps) => steps.join(" ")))]

describe("field sets are sets of paths", () => {
  test("union, difference, intersection", () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const [left, right] = [setOf(a), setOf(b)]
        const inB = new Set(unique(b))
        expect(textOf(left).sort()).toEqual(unique(a).sort())
        expect(textOf(union(left, right)).sort()).toEqual([...new Set([...unique(a), ...unique(b)])].sort())
        expect(textOf(difference(left, right)).sort()).toEqual(
          unique(a)
            .filter((each) => !inB.has(each))
            .sort(),
        )
        expect(textOf(intersection(left, right)).sort()).toEqual(
          unique(a)
            .filter((each) => inB.has(each))
            .sort(),
        )
        const isBelow = (each: string) =>
          unique(b).some((other) => each === other || each.startsWith(`${other} `))
        expect(textOf(recursiveDifference(left, right)).sort()).toEqual(
          unique(a)
            .filter((each) => !isBelow(each))
            .sort(),
        )
      }),
      { numRuns: 500 },
    )
  })

  test("stay the same value where nothing changes, and have one form", () => {
    fc.assert(
      fc.property(paths, paths, (a, b) => {
        const set = setOf(a)
        expect(union(set, setOf(a))).toBe(set)
        expect(difference(set, fieldSet(["z"]))).toBe(set)
        const left = union(set, setOf(b))
        const right = union(setOf(b), set)
        expect(JSON.stringify(left)).toBe(JSON.stringify(right))
        expect(JSON.stringify(parseFieldSet(JSON.parse(JSON.stringify(left))))).toBe(JSON.stringify(left))
      }),
    )
  })
})

test("the written form", () => {
  const set = setOf([["f:spec", "f:replicas"], ["f:spec"], ["f:a", 'k:{"n":1}'], ["f:a", 'k:{"n":1}', "f:n"]])
  expect(JSON.stringify(set)).toBe(
    '{"f:a":{"k:{\\"n\\":1}":{".":{},"f:n":{}}},"f:spec":{".":{},"f:replicas":{}}}',
  )
  expect(makeNode({}, false)).toBeUndefined()
  expect(isLeaf(makeNode({}, true)!)).toBe(true)
  expect(fieldSet(["metadata", "labels"], ["spec"])).toEqual({
    "f:metadata": { "f:labels": {} },
    "f:spec": {},
  })
})

test("elements are ordered by kind, and numbers by size", () => {
  const elements = ['v:"a"', "f:b", 'k:{"p":443}', "i:1", "f:a", 'k:{"p":80}', "v:10", "v:9"]
  expect(elements.sort(comparePathElements)).toEqual(
    ["f:a", "f:b", 'k:{"p":80}', 'k:{"p":443}', 'v:"a"', "v:9", "v:10", "i:1"].sort(comparePathElements),
  )
  expect(elements.slice(0, 4)).toEqual(["f:a", "f:b", 'k:{"p":80}', 'k:{"p":443}'])
})

test("paths as people read them", () => {
  expect(formatPath(["f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}', "f:name"])).toBe(
    '.spec.ports[port=80,protocol="TCP"].name',
  )
  expect(formatPath(["f:metadata", "f:finalizers", 'v:"a/b"'])).toBe('.metadata.finalizers[="a/b"]')
  expect(formatPath(["f:x", "i:3"])).toBe(".x[3]")
})

test("what clients send is made canonical or refused", () => {
  expect(parsePathElement('k:{"protocol":"TCP", "port":80}')).toBe('k:{"port":80,"protocol":"TCP"}')
  expect(parseFieldSet({ "f:b": {}, "f:a": { ".": {} }, "z:unknown": {} })).toEqual({ "f:a": {}, "f:b": {} })
  for (const bad of [null, [], "x", { a: {} }, { "f:a": 1 }, { "k:{": {} }, { "i:x": {} }]) {
    expect(() => parseFieldSet(bad)).toThrow()
  }
})
