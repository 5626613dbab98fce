import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { afterAll, afterEach, expect, test } from "vitest"
import { TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

/** See test/fixtures/upstream-backup/README.md. */
const fixture = (name: string) => new URL(`../fixtures/upstream-backup/${name}`, import.meta.url)
const directory = mkdtempSync(join(tmpdir(), "coracle-backup-"))
const file = join(directory, "backup.db")
writeFileSync(file, gunzipSync(readFileSync(fixture("backup.db.gz"))))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let cluster: TestCluster | undefined
afterEach(async () => {
  await cluster?.destroy()
  cluster = undefined
})

const kinds =
  "deployments,configmaps,services,secrets,horizontalpodautoscalers,cronjobs,pods,boats.example.com"

interface Listed {
  readonly items: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[]
}
const byName = ({ items }: Listed) =>
  items.toSorted((a, b) => (`${a.kind} ${a.metadata.name}` < `${b.kind} ${b.metadata.name}` ? -1 : 1))

test("kubectl finds in a backup of an upstream cluster what it found in the cluster", async () => {
  cluster = new TestCluster(["--from-snapshot", file])
  const { stdout } = await cluster.up()
  expect(stdout).toContain(`This is a fork of the cluster in ${file}, in memory`)
  expect(stdout).toContain("No scheduler, controller or node runs")
  const kubectl = cluster.kubectl(realClients.kubectl136())
  const found = JSON.parse(await kubectl.call(`get ${kinds} -A -o json`)) as Listed
  const expected = JSON.parse(readFileSync(fixture("objects.json"), "utf8")) as Listed
  expect(byName(found)).toEqual(byName(expected))
  expect(await kubectl.call("get boats -n harbour")).toMatch(/^NAME +SIZE\ncoracle +3\n/)

  const before = readFileSync(file)
  await kubectl.call("-n harbour delete deployment web")
  await kubectl.call("-n harbour create configmap new")
  expect(await kubectl.call("-n harbour get deployments,configmaps -o name")).toBe(
    "configmap/new\nconfigmap/page\n",
  )
  await cluster.coracle("down")
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(existsSync(join(cluster.directory, "data/etcd"))).toBe(false)
})

test("read-only, every change is refused, and says why", async () => {
  cluster = new TestCluster(["--from-snapshot", file, "--read-only"])
  await cluster.up()
  const kubectl = cluster.kubectl(realClients.kubectl136())
  expect(await kubectl.call("-n harbour get secret s -o jsonpath={.data.password}")).toBe("cHc=")
  const { stderr } = await kubectl.try("-n harbour delete deployment web")
  expect(stderr).toContain('cannot delete resource "deployments"')
  expect(stderr).toContain("this cluster is a snapshot, opened read-only")
  expect((await kubectl.try("auth can-i create pods")).stdout).toMatch(/^no/)
  expect((await kubectl.try("auth can-i list secrets")).stdout).toMatch(/^yes/)
})

test("what is no backup, or a damaged one, is said in one line", async () => {
  const refusal = async (path: string) => {
    const refused = new TestCluster()
    const output = await refused.coracle("up", "--from-snapshot", path)
    rmSync(refused.directory, { recursive: true, force: true })
    return output.stderr
  }
  expect(await refusal(join(directory, "none"))).toContain(
    "coracle up: this is no whole etcd snapshot: there is no file",
  )
  const damaged = gunzipSync(readFileSync(fixture("backup.db.gz")))
  damaged[40_000] = damaged[40_000]! ^ 1
  writeFileSync(join(directory, "damaged"), damaged)
  expect(await refusal(join(directory, "damaged"))).toContain("its checksum does not match")
})
