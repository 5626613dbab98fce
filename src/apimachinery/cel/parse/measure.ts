import type { Expression } from "./expression.ts"
import { childrenOf } from "./walk.ts"

/** How deep a tree is, and how many nodes it has; a node that macros use twice counts twice. */
export interface Measure {
  readonly height: number
  readonly size: number
}

/** Without recursion: a source of 100,000 characters can be 50,000 nodes deep, which no stack holds. */
export function measure(root: Expression): Measure {
  const known = new Map<Expression, Measure>()
  const stack: Expression[] = [root]
  for (let node = stack.at(-1); node; node = stack.at(-1)) {
    const children = childrenOf(node)
    const open = children.filter((child) => !known.has(child))
    if (open.length > 0) {
      stack.push(...open)
      continue
    }
    stack.pop()
    known.set(node, sum(children, known))
  }
  return known.get(root) as Measure
}

function sum(children: readonly Expression[], known: ReadonlyMap<Expression, Measure>): Measure {
  let [height, size] = [0, 1]
  for (const child of children) {
    const inner = known.get(child) as Measure
    height = Math.max(height, inner.height)
    size += inner.size
  }
  return { height: height + 1, size }
}
