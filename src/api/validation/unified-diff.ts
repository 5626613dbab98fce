/**
 * What changed where nothing may, as users know it from `diff -u`: both values as indented JSON, with three lines around
 * each change. The longest common subsequence is found by Myers' greedy walk (http://www.xmailserver.org/diff2.pdf), which
 * is quick where little differs, as here.
 */
export function formatDiff(old: unknown, updated: unknown): string {
  const before = JSON.stringify(old ?? null, undefined, 1).split("\n")
  const after = JSON.stringify(updated ?? null, undefined, 1).split("\n")
  return hunksOf(editsBetween(before, after)).map(formatHunk).join("")
}

interface Edit {
  readonly sign: " " | "-" | "+"
  readonly text: string
  /** Line numbers before this edit, from 0. */
  readonly before: number
  readonly after: number
}

function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  const trace = findShortestEdit(before, after)
  const edits: Edit[] = []
  let [x, y] = [before.length, after.length]
  for (let distance = trace.length - 1; distance >= 0; distance--) {
    const furthest = trace[distance]!
    const k = x - y
    const isInsertion =
      k === -distance || (k !== distance && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1))
    const previousK = isInsertion ? k + 1 : k - 1
    const previousX = distance === 0 ? 0 : furthest.get(previousK)!
    const previousY = distance === 0 ? 0 : previousX - previousK
    while (x > previousX && y > previousY) {
      x--
      y--
      edits.push({ sign: " ", text: before[x]!, before: x, after: y })
    }
    if (distance === 0) break
    if (isInsertion) edits.push({ sign: "+", text: after[--y]!, before: x, after: y })
    else edits.push({ sign: "-", text: before[--x]!, before: x, after: y })
  }
  return edits.reverse()
}

/** For each distance, how far every diagonal had come before it. */
function findShortestEdit(before: readonly string[], after: readonly string[]): Map<number, number>[] {
  const trace: Map<number, number>[] = []
  const furthest = new Map([[1, 0]])
  for (let distance = 0; ; distance++) {
    trace.push(new Map(furthest))
    for (let k = -distance; k <= distance; k += 2) {
      const isInsertion = k === -distance || (k !== distance && furthest.get(k - 1)! < furthest.get(k + 1)!)
      let x = isInsertion ? furthest.get(k + 1)! : furthest.get(k - 1)! + 1
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++
      furthest.set(k, x)
      if (x >= before.length && x - k >= after.length) return trace
    }
  }
}

const contextLines = 3

function hunksOf(edits: readonly Edit[]): Edit[][] {
  const hunks: Edit[][] = []
  let end = -1
  edits.forEach((edit, index) => {
    if (edit.sign === " ") return
    const start = Math.max(index - contextLines, end + 1, 0)
    const isApart = start > end + 1 || hunks.length === 0
    if (isApart) hunks.push([])
    const last = Math.min(index + contextLines, edits.length - 1)
    const from = isApart ? start : end + 1
    hunks.at(-1)!.push(...edits.slice(from, last + 1))
    end = Math.max(end, last)
  })
  return hunks
}

function formatHunk(edits: Edit[]): string {
  const first = edits[0]!
  const range = (start: number, count: number) => `${start + 1}${count === 1 ? "" : `,${count}`}`
  const count = (other: "-" | "+") => edits.filter(({ sign }) => sign !== other).length
  const head = `@@ -${range(first.before, count("+"))} +${range(first.after, count("-"))} @@\n`
  return head + edits.map(({ sign, text }) => `${sign}${text}\n`).join("")
}
