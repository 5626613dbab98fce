import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Reporter, TestCase, TestModule } from "vitest/node"
import { reasonFor } from "./to-come.ts"

/** The official suite at release 1.36; behaviours that came later are counted apart. */
const total = 443
const lastRelease = 36

const list = fileURLToPath(new URL("../../../shared/reference/conformance.tsv", import.meta.url))

/**
 * Ends a run with `N of 443 conformance behaviours hold`. A behaviour's test bears its name in the official suite. Where the
 * suite's list is at hand, what has no test yet is told with the reason, and behaviours of later releases count apart.
 */
export class ConformanceReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const results = new Map<string, string>()
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (isBehaviour(test)) results.set(test.name, test.result().state)
      }
    }
    if (results.size === 0) return
    const releases = readReleases()
    const isLater = (name: string) => (releases.get(name) ?? 0) > lastRelease
    const holding = [...results].filter(([, state]) => state === "passed").map(([name]) => name)
    const waiting = [...results].filter(([, state]) => state === "skipped").map(([name]) => name)
    for (const name of waiting) console.log(`to come: ${name}`)
    this.#printUntested([...releases.keys()], [...results.keys()])
    const later = holding.filter(isLater)
    if (later.length > 0) console.log(`${later.length} behaviours of later releases hold`)
    console.log(`${holding.length - later.length} of ${total} conformance behaviours hold`)
  }

  /** Under each reason the names, so that a list of hundreds can be read. */
  #printUntested(all: readonly string[], tested: readonly string[]): void {
    // `toCome` puts the reason behind the name.
    const isTested = (name: string) => tested.some((each) => each === name || each.startsWith(`${name}: `))
    const byReason = new Map<string, string[]>()
    for (const name of all.filter((each) => !isTested(each))) {
      const reason = reasonFor(name)
      byReason.set(reason, [...(byReason.get(reason) ?? []), name])
    }
    for (const [reason, names] of byReason) {
      console.log(`to come, ${names.length}: ${reason}`)
      for (const name of names) console.log(`  ${name}`)
    }
  }
}

/** The minor version in which each behaviour of the official suite came; empty where the list is absent. */
function readReleases(): Map<string, number> {
  const releases = new Map<string, number>()
  if (!existsSync(list)) return releases
  for (const line of readFileSync(list, "utf8").trim().split("\n").slice(1)) {
    const [, codename = "", release = ""] = line.split("\t")
    if (codename) releases.set(codename, minorOf(release))
  }
  return releases
}

/** 9 of "v1.9, v1.18": when it came, and not when it changed. */
function minorOf(release: string): number {
  return Number(/^v1\.(\d+)/.exec(release)?.[1] ?? 0)
}

function isBehaviour({ name }: TestCase): boolean {
  return name.startsWith("[sig-") && name.includes("[Conformance]")
}

export default ConformanceReporter
