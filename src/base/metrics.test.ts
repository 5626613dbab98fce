import { expect, it } from "vitest"
import { Buckets, Counter, formatMetrics, gauge, Histogram, histogramOf } from "./metrics.ts"

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

it("tells zero of what has no labels, and nothing of series that nobody has counted", () => {
  const plain = new Counter({ name: "m", help: "About." })
  const labelled = new Counter({ name: "n", help: "About.", labels: ["a"] })
  const none = gauge({ name: "o", help: "About.", labels: ["a"] }, () => [])
  expect(lines(formatMetrics([plain, labelled, none]))).toEqual([...head("counter"), "m 0"])
})

it("starts counting again when it is reset, but not what is now", () => {
  const count = new Counter({ name: "m", help: "About.", labels: ["a"] })
  const now = new Counter({ name: "m", help: "About." }, "gauge")
  const took = new Histogram({ name: "m", help: "About." }, [1])
  const kept = count.at("x")
  kept.value = 7
  now.set(3)
  took.observe(0.5)
  for (const each of [count, now, took]) each.reset()
  kept.value++
  expect(lines(formatMetrics([count, now, took])).filter((line) => !line.startsWith("#"))).toEqual([
    'm{a="x"} 1',
    "m 3",
    'm_bucket{le="1"} 0',
    'm_bucket{le="+Inf"} 0',
    "m_sum 0",
    "m_count 0",
  ])
})

it("looks histograms up when somebody reads", () => {
  const buckets = new Buckets([1, 5])
  buckets.observe(3)
  const read = () => [[buckets, "x"]] as [Buckets, string][]
  const told = [histogramOf({ name: "m", help: "About.", labels: ["a"] }, [1, 5], read)]
  expect(lines(formatMetrics(told))).toEqual([
    ...head("histogram"),
    'm_bucket{a="x",le="1"} 0',
    'm_bucket{a="x",le="5"} 1',
    'm_bucket{a="x",le="+Inf"} 1',
    'm_sum{a="x"} 3',
    'm_count{a="x"} 1',
  ])
})
