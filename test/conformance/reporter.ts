import type { Reporter, TestCase, TestModule } from "vitest/node"

/** The official suite at release 1.36; behaviours that came later are counted apart. */
const total = 443

/** Ends a run with `N of 443 conformance behaviours hold`. A behaviour's test bears its name in the official suite. */
export class ConformanceReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const holding = new Set<string>()
    const pending: string[] = []
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        if (!isBehaviour(test)) continue
        if (test.result().state === "passed") holding.add(test.name)
        else if (test.result().state === "skipped") pending.push(test.name)
      }
    }
    if (holding.size + pending.length === 0) return
    for (const name of pending) console.log(`to come: ${name}`)
    console.log(`${holding.size} of ${total} conformance behaviours hold`)
  }
}

function isBehaviour({ name }: TestCase): boolean {
  return name.startsWith("[sig-") && name.includes("[Conformance]")
}

export default ConformanceReporter
