import { isNodeReady } from "../../api/core/v1/is-node-ready.ts"
import { Node } from "../../api/core/v1/node.ts"
import { realClock } from "../../base/real/clock.ts"
import { createClient } from "../../client/create-client.ts"
import { createHttpsTransport } from "../../client/real/https-transport.ts"
import { readKubeconfig, resolveContext } from "../../client/real/kubeconfig.ts"
import { type DataDirectory, findOwner, findState, wasAbandoned } from "../data-directory.ts"
import { parseDataDir } from "./data-dir-flag.ts"

/** Exit code 0: runs and answers; 1: does not. */
export async function status(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("status", argv)
  if (!parsed) return 0
  const { directory } = parsed
  const pid = findOwner(directory)
  const state = findState(directory)
  if (pid === undefined) {
    const crashed = wasAbandoned(directory)
    process.stdout.write(
      `not running (${directory.path})${crashed ? ": it crashed; `coracle up` goes on where it was, `coracle down` clears up" : ""}\n`,
    )
    return 1
  }
  process.stdout.write(`running   process ${pid}, data in ${directory.path}\n`)
  if (!state) {
    process.stdout.write("starting  not ready yet\n")
    return 1
  }
  process.stdout.write(`server    ${state.server}, since ${state.startedAt}\n`)
  process.stdout.write(await describeNodes(directory))
  return 0
}

async function describeNodes(directory: DataDirectory): Promise<string> {
  const { connection } = resolveContext(await readKubeconfig(directory.kubeconfig))
  const transport = createHttpsTransport(connection, { clock: realClock })
  try {
    const { items } = await createClient(transport).list(Node)
    const rows = items.map((node) => {
      return `node      ${node.metadata.name} ${isNodeReady(node) ? "Ready" : "NotReady"} ${node.status.nodeInfo.containerRuntimeVersion}\n`
    })
    return rows.join("")
  } finally {
    transport.close()
  }
}
