import type { Node } from "./node.ts"

/** Whether the node itself says, or is said, to be ready; one that says nothing is not. */
export function isNodeReady({ status }: Pick<Node, "status">): boolean {
  return status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true
}
