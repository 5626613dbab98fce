import { readFileSync } from "node:fs"
import { parseFlags } from "../../../base/flags.ts"
import { realClock } from "../../../base/real/clock.ts"
import { createLogger } from "../../../base/real/logger.ts"
import { realRandom } from "../../../base/real/random.ts"
import { openEmbeddedStore } from "../../../etcd/embedded/embedded-store.ts"
import { createEtcdServer } from "../../../etcd/grpc/etcd-server.ts"
import { dataDirectory } from "../../data-directory.ts"
import { describeFlags, UsageError } from "../command.ts"
import { stopSignal } from "../stop-signal.ts"
import { parseListen } from "../parse-listen.ts"
import { upFlags } from "../up-options.ts"

const flags = {
  "data-dir": upFlags["data-dir"],
  listen: {
    type: "string",
    default: "127.0.0.1:2379",
    placeholder: "ADDR:PORT",
    description: "where it listens (127.0.0.1:2379)",
  },
  "cert-file": { type: "string", placeholder: "FILE", description: "serve TLS with this certificate" },
  "key-file": { type: "string", placeholder: "FILE", description: "and this key" },
  "trusted-ca-file": {
    type: "string",
    placeholder: "FILE",
    description: "let in only clients with a certificate of this authority",
  },
  help: upFlags.help,
} as const

/** The store of a data directory behind etcd's own API, for `etcdctl` and the like. */
export async function etcd(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest } = parseFlags(argv, flags)
  if (values.help) {
    process.stdout.write(`Usage: coracle etcd [flags]\n\n${describeFlags(flags)}`)
    return 0
  }
  if (rest.length) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`)
  const { host, port } = parseListen(values.listen)
  const tls = readTls(values["cert-file"], values["key-file"], values["trusted-ca-file"])
  if (!tls?.ca && !isLoopback(host)) {
    throw new UsageError(
      `--listen ${values.listen}: whoever reaches this port may change everything; beyond loopback it needs --cert-file, --key-file and --trusted-ca-file`,
    )
  }
  const stopped = stopSignal("ended")
  const log = createLogger({ name: "etcd", write: (line) => process.stderr.write(line) })
  const { store: directory } = dataDirectory(values["data-dir"])
  const store = await openEmbeddedStore({ directory, clock: realClock, random: realRandom, log })
  const server = createEtcdServer({ store, clock: realClock, ...(tls && { tls }) })
  process.stdout.write(`ready ${await server.listen(port, host)}\n`)
  await stopped
  await server.close()
  await store.close()
  return 0
}

function readTls(certFile?: string, keyFile?: string, authorityFile?: string) {
  if (!certFile && !keyFile && !authorityFile) return undefined
  if (!certFile || !keyFile) throw new UsageError("--cert-file and --key-file belong together")
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
  if (!authorityFile) return { ...pair, ca: undefined }
  return { ...pair, ca: readFileSync(authorityFile), requestCert: true, rejectUnauthorized: true }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.")
}
