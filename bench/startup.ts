// How long a person waits: process start → the API server answers → a real node is Ready → the first container of a
// Deployment runs; and what the process weighs when idle. Medians over several runs, each in a fresh directory and again
// in the one that it left.
//
//   npm run bench -- startup [RUNS]
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buildBusyboxImage } from "../test/e2e/images.ts"

const runs = Number(process.argv[2] ?? 5)
const port = 16_443
const cli = join(process.cwd(), "dist/coracle.js")
const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })

interface Figures {
  readyzMs: number
  nodeReadyMs: number
  containerMs: number
  idleMb: number
}

const fresh: Figures[] = []
const again: Figures[] = []
for (let run = 0; run < runs; run++) {
  const directory = mkdtempSync(join(tmpdir(), "coracle-bench-"))
  fresh.push(await measure(directory, `first-${run}`))
  again.push(await measure(directory, `second-${run}`))
  coracle("reset", directory)
  rmSync(directory, { recursive: true, force: true })
}
print("first start", fresh)
print("later start", again)

async function measure(directory: string, deployment: string): Promise<Figures> {
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [
      cli,
      "up",
      "--data-dir",
      directory,
      "--listen",
      `127.0.0.1:${port}`,
      "--kubeconfig",
      join(directory, "user"),
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  )
  await until(async () => (await call(directory, "GET", "/readyz", undefined, false)).status === 200)
  const readyzMs = performance.now() - startedAt
  await until(async () => {
    const { items } = (await call(directory, "GET", "/api/v1/nodes")).body as { items: Node[] }
    return items.some(({ status }) =>
      status.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True"),
    )
  })
  const nodeReadyMs = performance.now() - startedAt
  // Written when `up` says "ready": the node is Ready a moment before its network is known to be complete.
  await until(async () => existsSync(join(directory, "state.json")))
  const output = join(directory, "image.tar")
  coracle("image", directory, "load", buildBusyboxImage("bench/busybox:1", { output }))
  const appliedAt = performance.now()
  await call(directory, "POST", "/apis/apps/v1/namespaces/default/deployments", manifest(deployment))
  await until(async () => {
    const path = `/apis/apps/v1/namespaces/default/deployments/${deployment}`
    const { status } = (await call(directory, "GET", path)).body as { status: { readyReplicas?: number } }
    return status.readyReplicas === 1
  })
  const containerMs = performance.now() - appliedAt
  await new Promise((resolve) => setTimeout(resolve, 5000))
  const idleMb = residentMb(child)
  child.kill("SIGTERM")
  await new Promise((resolve) => child.once("exit", resolve))
  return { readyzMs, nodeReadyMs, containerMs, idleMb }
}

interface Node {
  status: { conditions?: { type: string; status: string }[] }
}

function manifest(name: string): object {
  const labels = { app: name }
  const container = { name: "main", image: "bench/busybox:1", command: ["sleep", "3600"] }
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
    },
  }
}

function coracle(command: string, directory: string, ...rest: string[]): void {
  const [sub, ...args] = rest
  const words = sub ? [command, sub] : [command]
  const { status, stderr } = spawnSync(process.execPath, [cli, ...words, "--data-dir", directory, ...args], {
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`coracle ${words.join(" ")}: ${stderr}`)
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await condition().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error("waited a minute in vain")
}

function call(
  directory: string,
  method: string,
  path: string,
  body?: object,
  credentials = true,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        rejectUnauthorized: false,
        ...(credentials ? adminCredentials(directory) : { agent }),
        headers: { "content-type": "application/json" },
      },
      (response) => {
        let text = ""
        response.on("data", (chunk) => (text += chunk))
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: text.startsWith("{") ? JSON.parse(text) : text }),
        )
      },
    )
    sent.on("error", reject)
    sent.end(body && JSON.stringify(body))
  })
}

function adminCredentials(directory: string): { cert: Buffer; key: Buffer } {
  return {
    cert: readFileSync(join(directory, "pki/admin.crt")),
    key: readFileSync(join(directory, "pki/admin.key")),
  }
}

function residentMb(child: ChildProcess): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1]
  return Number(kilobytes) / 1024
}

function print(title: string, figures: readonly Figures[]): void {
  const median = (key: keyof Figures) => {
    const sorted = figures.map((each) => each[key]).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)]!
  }
  const row = (text: string, value: number, unit: string, aim: number) =>
    console.log(`  ${text.padEnd(44)} ${value.toFixed(0).padStart(6)} ${unit}   aim below ${aim} ${unit}`)
  console.log(`${title} (median of ${figures.length})`)
  row("process start → /readyz ok", median("readyzMs"), "ms", 500)
  row("process start → real node Ready", median("nodeReadyMs"), "ms", 3000)
  row("Deployment created → its container is ready", median("containerMs"), "ms", 1500)
  row("resident memory when idle", median("idleMb"), "MB", 150)
}
