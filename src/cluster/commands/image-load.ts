import { existsSync } from "node:fs"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { uuid } from "../../base/random.ts"
import { connectGrpc } from "../../base/real/grpc/grpc-channel.ts"
import { loadImageArchive, readArchiveFile } from "../../container-runtime/containerd/load-image-archive.ts"
import { findOwner, findState } from "../data-directory.ts"
import { UsageError } from "./command.ts"
import { parseDataDir } from "./data-dir-flag.ts"

/** Puts the images of an archive on every real node of the running cluster, and prints their names. */
export async function imageLoad(argv: readonly string[]): Promise<number> {
  const parsed = parseDataDir("image load", argv, ["FILE.tar"])
  if (!parsed) return 0
  const file = parsed.arguments[0]!
  if (!existsSync(file)) throw new UsageError(`${file} does not exist`)
  const { directory } = parsed
  const state = findState(directory)
  if (findOwner(directory) === undefined || !state)
    throw new Error(`no cluster is running in ${directory.path}: start one with \`coracle up\``)
  const endpoints = state.nodes.flatMap(({ endpoint }) => (endpoint ? [endpoint] : []))
  if (endpoints.length === 0)
    throw new Error("the nodes of this cluster are simulated: their containers need no image")
  const names = await Promise.all(endpoints.map((endpoint) => loadInto(endpoint, file)))
  for (const name of new Set(names.flat())) process.stdout.write(`${name}\n`)
  return 0
}

async function loadInto(endpoint: string, file: string): Promise<string[]> {
  const channel = await connectGrpc(endpoint.replace("unix://", "unix:"), () => realClock.now())
  try {
    return await loadImageArchive(channel, readArchiveFile(file), {
      id: uuid(realRandom),
      now: realClock.now(),
    })
  } finally {
    channel.close()
  }
}
