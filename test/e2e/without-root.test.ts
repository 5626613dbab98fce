import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { cli, eventually, Kubectl } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

const nobody = 65_534
const missing =
  process.platform === "linux" && process.getuid?.() === 0
    ? undefined
    : "needs root, to become somebody without it"
if (missing) console.log(`skipped: starting without root: ${missing}`)

describe.skipIf(missing)("a user without root", () => {
  const directory = mkdtempSync(join(tmpdir(), "coracle-plain-"))
  let running: ChildProcess
  let printed = ""

  beforeAll(async () => {
    // The checkout may lie where only root can read.
    cpSync(dirname(cli), join(directory, "dist"), { recursive: true })
    chmodSync(directory, 0o777)
    running = spawn(
      process.execPath,
      [
        join(directory, "dist/coracle.js"),
        "up",
        "--data-dir",
        join(directory, "data"),
        "--listen",
        "127.0.0.1:0",
      ],
      { uid: nobody, gid: nobody, env: { PATH: process.env["PATH"], HOME: directory }, cwd: directory },
    )
    for (const stream of [running.stdout!, running.stderr!]) stream.on("data", (chunk) => (printed += chunk))
    await eventually(async () => expect(printed).toMatch(/^ready https:\/\/127\.0\.0\.1:\d+ /m))
  })
  afterAll(async () => {
    running.kill("SIGINT")
    await new Promise((resolve) => running.once("exit", resolve))
    rmSync(directory, { recursive: true, force: true })
  })

  test("is told that the node is simulated, and why", () => {
    expect(printed).toContain("The node is simulated, no container really runs: real containers need root")
  })

  test("has a cluster all the same, whose node says what it is", async () => {
    const kubectl = new Kubectl(realClients.kubectl136(), join(directory, ".kube/config"))
    expect(await kubectl.call("get nodes -o wide")).toMatch(
      /^simulated-1 +Ready .* simulated node +simulated \(\w+\) +simulated:\/\//m,
    )
    await kubectl.call("create deployment web --image=anything --replicas=2")
    await kubectl.call("rollout status deployment/web --timeout=30s")
    expect(await kubectl.call("get pods")).toMatch(/web-\S+ +1\/1 +Running/)
  })
})
