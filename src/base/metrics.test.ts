import { expect, it } from "vitest"
import { Counter, formatMetrics, gauge, Histogram } from "./metrics.ts"

const head = (type: string) => [`# HELP m About.`, `# TYPE m ${type}`]
const lines = (text: string) => text.trimEnd().split("\n")

it("writes counters with their labels, which may be empty", () => {
  const counter = new Counter({ name: "m", help: "About.", labels: ["a", "b"] })
  counter.add(1, "", "x")
  counter.add(2, "", "x")
  counter.add(1, 'say "hi"', "")
  expect(lines(formatMetrics([counter]))).toEqual([
    ...head("counter"),
    'm{a="",b="x"} 3',
    'm{a="say \\"hi\\"",b=""} 1',
  ])
})

it.each([
  [undefined, [], "", "{"],
  [["handler"], [""], '{handler=""}', '{handler="",'],
  [["handler"], ["kata"], '{handler="kata"}', '{handler="kata",'],
])("writes a histogram of labels %j with the values %j", (labels, values, alone, before) => {
  const histogram = new Histogram({ name: "m", help: "About.", ...(labels && { labels }) }, [1, 5])
  histogram.observe(3, ...values)
  histogram.observe(9, ...values)
  expect(lines(formatMetrics([histogram]))).toEqual([
    ...head("histogram"),
    `m_bucket${before}le="1"} 0`,
    `m_bucket${before}le="5"} 1`,
    `m_bucket${before}le="+Inf"} 2`,
    `m_sum${alone} 12`,
    `m_count${alone} 2`,
  ])
})

it("looks gauges up when somebody reads", () => {
  const read = () => [[Number.POSITIVE_INFINITY, ""]] as [number, string][]
  expect(lines(formatMetrics([gauge({ name: "m", help: "About.", labels: ["a"] }, read)]))).toEqual([
    ...head("gauge"),
    'm{a=""} +Inf',
  ])
})
