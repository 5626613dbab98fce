import { Secret } from "../../api/core/v1/secret.ts"
import { parseFlags } from "../../base/flags.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import type { Client } from "../../client/client.ts"
import { createClient } from "../../client/create-client.ts"
import { createHttpsTransport } from "../../client/real/https-transport.ts"
import { readKubeconfig, resolveContext } from "../../client/real/kubeconfig.ts"
import { dataDirectory } from "../data-directory.ts"
import { createToken, formatToken, generateToken, parseToken, tokenKey } from "../joining/bootstrap-token.ts"
import { authorityHash } from "../joining/discover-cluster.ts"
import { clusterInfoKey } from "../joining/publish-cluster-info.ts"
import { parseKubeconfigAuthority, parseKubeconfigServer } from "../certificates/kubeconfig.ts"
import { describeFlags, UsageError } from "./command.ts"
import { upFlags } from "./up-options.ts"

const common = { "data-dir": upFlags["data-dir"], help: upFlags.help } as const
const createFlags = {
  ttl: {
    type: "string",
    default: "24h",
    placeholder: "DURATION",
    description: "how long it is good for; 0 for ever (24h)",
  },
  description: { type: "string", placeholder: "TEXT", description: "what it is for" },
  ...common,
} as const

/** Makes a token and prints what to type on the machine that is to join. */
export async function tokenCreate(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest } = parseFlags(argv, createFlags)
  if (values.help) return usage("token create", createFlags)
  if (rest.length > 1) throw new UsageError(`unexpected argument ${JSON.stringify(rest[1])}`)
  const token = rest[0] ? parseToken(rest[0]) : generateToken(realRandom)
  if (!token) throw new UsageError(`${rest[0]}: expected a form like abcdef.0123456789abcdef`)
  const ttlMs = ttlOf(values.ttl)
  return atCluster(values["data-dir"], async (client) => {
    const expiresAtMs = ttlMs === 0 ? undefined : realClock.now() + ttlMs
    await createToken(client, {
      token,
      expiresAtMs,
      ...(values.description && { description: values.description }),
    })
    const info = (await client.get(ConfigMap, clusterInfoKey)).data?.["kubeconfig"] ?? ""
    const server = parseKubeconfigServer(info)
    const hash = authorityHash(parseKubeconfigAuthority(info))
    process.stdout.write(`coracle node join ${server} --token ${formatToken(token)} --ca-cert-hash ${hash}\n`)
    if (/\/\/(127\.|\[::1\]|localhost)/.test(server))
      process.stderr.write(
        "The API server listens on loopback alone, where no other machine reaches it: start the cluster with --listen 0.0.0.0:6443\n",
      )
  })
}

/** Tokens there are; of their secret part nothing is shown. */
export async function tokenList(argv: readonly string[]): Promise<number> {
  const { values } = parseFlags(argv, common)
  if (values.help) return usage("token list", common)
  return atCluster(values["data-dir"], async (client) => {
    const { items } = await client.list(Secret, {
      namespace: "kube-system",
      fieldSelector: "type=bootstrap.kubernetes.io/token",
    })
    const text = (secret: Secret, key: string) => atob(secret.data?.[key] ?? "")
    const rows = items.map((secret) => [
      text(secret, "token-id"),
      text(secret, "expiration") || "<never>",
      text(secret, "description"),
    ])
    const table = [["TOKEN", "EXPIRES", "DESCRIPTION"], ...rows]
    for (const [id, expires, description] of table)
      process.stdout.write(`${id!.padEnd(8)}${expires!.padEnd(22)}${description}`.trimEnd().concat("\n"))
  })
}

export async function tokenDelete(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest } = parseFlags(argv, common)
  if (values.help) return usage("token delete ID", common)
  const id = parseToken(rest[0] ?? "")?.id ?? rest[0]
  if (!id || rest.length > 1) throw new UsageError("one token's ID is needed: see `coracle token list`")
  return atCluster(values["data-dir"], async (client) => {
    await client.delete(Secret, tokenKey(id))
    process.stdout.write(`token ${id} deleted\n`)
  })
}

function usage(command: string, flags: Parameters<typeof describeFlags>[0]): number {
  process.stdout.write(`Usage: coracle ${command} [flags]\n\n${describeFlags(flags)}`)
  return 0
}

function ttlOf(text: string): number {
  if (text === "0") return 0
  const ms = durationMs(text)
  if (!(ms > 0)) throw new UsageError(`--ttl ${text}: expected a duration like 24h or 30m`)
  return ms
}

function durationMs(text: string): number {
  try {
    return parseDuration(text)
  } catch {
    return Number.NaN
  }
}

async function atCluster(
  dataDir: string | undefined,
  work: (client: Client) => Promise<void>,
): Promise<number> {
  const { kubeconfig, path } = dataDirectory(dataDir)
  const { connection } = resolveContext(
    await readKubeconfig(kubeconfig).catch(() => {
      throw new Error(`no cluster in ${path}: start one with \`coracle up\``)
    }),
  )
  const transport = createHttpsTransport(connection, { clock: realClock })
  try {
    await work(createClient(transport, { userAgent: "coracle" }))
    return 0
  } finally {
    transport.close()
  }
}
