import { expect, test } from "vitest"
import { type Result, shareOut } from "./share-out.ts"

/** Acts for ever on seed 2, as a controller does that wakes itself: nothing within the thread can end it. */
const source = `
  import { parentPort } from "node:worker_threads"
  parentPort.on("message", (seed) => {
    if (seed === "2") for (;;);
    parentPort.postMessage({ seed, failure: seed === "3" ? "bad" : undefined, faults: [], tookMs: 1 })
  })`
const script = new URL(`data:text/javascript,${encodeURIComponent(source)}`)

test("a seed that does not end fails by its name, and those after it still run", async () => {
  const results: Result[] = []
  await shareOut({ script, first: 0, count: 6, limitMs: 1000 }, (result) => results.push(result))
  expect(results.map(({ seed }) => seed).sort()).toEqual(["0", "1", "2", "3", "4", "5"])
  expect(results.filter(({ failure }) => failure).map(({ seed, failure }) => [seed, failure])).toEqual([
    ["3", "bad"],
    ["2", "did not end within 1 s"],
  ])
})
