import { execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type * as K8s from "@kubernetes/client-node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, run, TestCluster } from "./cluster.ts"
import { fetchWith } from "./fetch-with.ts"

const here = dirname(fileURLToPath(import.meta.url))
const cache = join(dirname(dirname(here)), ".cache/clients")

/** Programs that take minutes to get are got once. */
const getMs = 360_000

// Libraries that others wrote, in the languages that most controllers are written in, against a whole cluster.
describe("independent clients", () => {
  const cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "1"])
  beforeAll(async () => void (await cluster.up()))
  afterAll(() => cluster.destroy())

  const env = () => ({ KUBECONFIG: cluster.kubeconfig, HOME: cluster.directory })

  describe("JavaScript", () => {
    let k8s: typeof K8s
    let core: K8s.CoreV1Api
    let config: K8s.KubeConfig
    const namespace = "javascript-client"

    beforeAll(async () => {
      // With `npm install` before it the first time.
      k8s = await loadClientNode()
      config = new k8s.KubeConfig()
      config.loadFromFile(cluster.kubeconfig)
      core = config.makeApiClient(k8s.CoreV1Api)
      await core.createNamespace({ body: { metadata: { name: namespace } } })
    }, getMs)

    test("an informer stays in step", async () => {
      const path = `/api/v1/namespaces/${namespace}/configmaps`
      const make = (name: string) =>
        core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } })
      await make("before")
      const told: string[] = []
      const informer = k8s.makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }))
      for (const verb of ["add", "update", "delete"] as const) {
        informer.on(verb, ({ metadata }) => void told.push(`${verb} ${metadata?.name}`))
      }
      await informer.start()
      await make("late")
      await core.replaceNamespacedConfigMap({
        namespace,
        name: "late",
        body: { metadata: { name: "late" }, data: { a: "1" } },
      })
      await core.deleteNamespacedConfigMap({ namespace, name: "late" })
      await eventually(async () =>
        expect(told.filter((line) => line.endsWith(" late"))).toEqual([
          "add late",
          "update late",
          "delete late",
        ]),
      )
      expect(told).toContain("add before")
      await informer.stop()
    })

    test("a failure says what was wrong", async () => {
      await expect(core.readNamespacedConfigMap({ namespace, name: "none" })).rejects.toMatchObject({
        code: 404,
        body: expect.stringContaining(String.raw`configmaps \"none\" not found`),
      })
    })
  })

  test("Python", { timeout: getMs }, async (context) => {
    const python = findPython()
    if (python.missing !== undefined) return skip(context, "the Python client", python.missing)
    const { code, stdout, stderr } = await run(python.program, [join(here, "clients/python/informer.py")], {
      env: env(),
    })
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout.split("\n")).toEqual([
      "ok informer",
      "ok watch in time",
      "ok forgotten version",
      "ok server side apply",
      "ok failures",
      "",
    ])
  })

  test("Go", { timeout: getMs }, async (context) => {
    const go = buildGoClient()
    if (go.missing !== undefined) return skip(context, "client-go", go.missing)
    const { code, stdout, stderr } = await run(go.program, [], { env: env() })
    expect(code, stderr).toBe(0)
    expect(stdout.split("\n")).toEqual([
      "ok discovery",
      "ok informers",
      "ok metadata informers",
      "ok server-side apply",
      "ok pages",
      "ok dynamic objects",
      "ok leader election",
      "",
    ])
  })
})

/** The newest that every Node.js of ours loads: 2.x needs Node.js 22, and is here for the texts in it. */
const clientVersion = "1.4.0"

async function loadClientNode(): Promise<typeof K8s> {
  const directory = join(cache, "javascript")
  const entry = join(directory, "node_modules/@kubernetes/client-node/dist/index.js")
  if (!existsSync(entry)) {
    const wanted = [
      "--prefix",
      directory,
      "--no-save",
      "--ignore-scripts",
      `@kubernetes/client-node@${clientVersion}`,
    ]
    mkdirSync(directory, { recursive: true })
    fetchWith("npm", ["install", ...wanted], { timeout: getMs / 2 })
  }
  return (await import(pathToFileURL(entry).href)) as typeof K8s
}

type Found =
  | { readonly program: string; readonly missing?: undefined }
  | { readonly program?: undefined; readonly missing: string }

function skip(context: { skip(note?: string): void }, what: string, why: string): void {
  console.log(`skipped: ${what}: ${why}`)
  context.skip(why)
}

/** A Python of its own with the client in it. */
function findPython(): Found {
  const directory = join(cache, "python")
  const program = join(directory, "bin/python")
  return attempt(program, () => {
    execFileSync("python3", ["-m", "venv", directory], { stdio: "pipe" })
    fetchWith(join(directory, "bin/pip"), ["install", "--quiet", "kubernetes==37.0.2"], {
      timeout: getMs / 2,
    })
  })
}

/** Built once; the modules come through the proxy that Go is set up with. */
function buildGoClient(): Found {
  const program = join(cache, "go-client/client")
  // Go itself knows when there is nothing to do.
  rmSync(program, { force: true })
  return attempt(program, () => {
    const source = join(cache, "go-client/source")
    mkdirSync(source, { recursive: true })
    cpSync(join(here, "clients/go"), source, { recursive: true })
    fetchWith("go", ["build", "-o", program, "."], { cwd: source, timeout: getMs - 60_000 })
  })
}

function attempt(program: string, make: () => void): Found {
  try {
    if (!existsSync(program)) make()
    return { program }
  } catch (error) {
    const { message } = error as Error
    return { missing: message.split("\n")[0]! }
  }
}
