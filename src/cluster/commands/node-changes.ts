import { dnsSubdomainProblems } from "../../apimachinery/names.ts"
import { askCluster } from "../control-socket.ts"
import { UsageError } from "./command.ts"
import { parseDataDir } from "./data-dir-flag.ts"

/** Adds a node to the cluster that runs in the directory; returns when it is Ready. */
export async function nodeAdd(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("node add", argv, ["[NAME]"])
  if (!parsed) return 0
  const [name] = parsed.arguments
  if (name !== undefined) requireName(name)
  const line = await askCluster(parsed.directory, { verb: "add-node", ...(name !== undefined && { name }) })
  process.stdout.write(`${line}\n`)
  return 0
}

/** Ends a node and forgets it. Whoever wants its pods to go in an orderly way drains it before. */
export async function nodeRemove(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("node remove", argv, ["NAME"])
  if (!parsed) return 0
  const name = parsed.arguments[0]!
  process.stdout.write(`${await askCluster(parsed.directory, { verb: "remove-node", name })}\n`)
  return 0
}

/** The name becomes a directory and a network namespace, too. */
function requireName(name: string): void {
  const [mistake] = dnsSubdomainProblems(name)
  if (mistake !== undefined) throw new UsageError(`${name} cannot be a node's name: ${mistake}`)
}
