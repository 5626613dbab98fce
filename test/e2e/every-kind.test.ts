import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Kubectl, TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

const path = fileURLToPath(new URL("../fixtures/every-kind.yaml", import.meta.url))
const documents = readFileSync(path, "utf8").split(/^---$/m)

const generationsOf = "-o jsonpath={range.items[*]}{.kind}:{.metadata.generation};{end}"

/** As kubectl names them: "deployment.apps/every". */
function linesOf(output: string): string[] {
  return output
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("Warning:"))
}

// What people type, over an object of every kind there is. No container runs, so it runs everywhere.
describe("every kind, with the real kubectl", () => {
  const cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "1"])
  let kubectl: Kubectl

  beforeAll(async () => {
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
  })
  afterAll(() => cluster.destroy())

  test("the fixtures forget none that can be created", async () => {
    const { stdout } = await kubectl.try("api-resources --verbs=create,delete -o name")
    const mentioned = new Set(documents.flatMap((text) => /^kind: (\w+)$/m.exec(text)?.[1] ?? []))
    const { stdout: table } = await kubectl.try("api-resources --verbs=create,delete --no-headers")
    const kinds = linesOf(table).map((line) => line.trim().split(/\s+/).at(-1)!)
    // Of the three others a cluster brings the definitions; network.test.ts has them.
    const elsewhere = ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"]
    const forgotten = kinds.filter((kind) => !mentioned.has(kind) && !elsewhere.includes(kind))
    expect(forgotten).toEqual(["PodCertificateRequest"])
    expect(linesOf(stdout).length).toBe(kinds.length)
  })

  test("apply creates, and a second time has nothing to do", async () => {
    const created = linesOf(await kubectl.call(`apply -f ${path}`))
    expect(created.filter((line) => !line.endsWith(" created"))).toEqual([])
    expect(created.length).toBe(documents.length)
    const generations = await kubectl.call(`get -f ${path} ${generationsOf}`)
    const again = linesOf(await kubectl.call(`apply -f ${path}`))
    // Where defaults came into a list that counts as one value, kubectl sends it again.
    expect(again.filter((line) => !/ (unchanged|configured)$/.test(line))).toEqual([])
    expect(await kubectl.call(`get -f ${path} ${generationsOf}`)).toBe(generations)
  })

  test("diff finds none", async () => {
    const { code, stdout } = await kubectl.try(`diff -f ${path}`)
    expect([code, stdout]).toEqual([0, ""])
  })

  test("annotate patches them all, get finds them all", async () => {
    const patched = linesOf(await kubectl.call(`annotate -f ${path} touched=yes`))
    expect(patched.filter((line) => !line.endsWith(" annotated"))).toEqual([])
    const { items } = await kubectl.json<{ items: { kind: string; metadata: { annotations: object } }[] }>(
      `get -f ${path}`,
    )
    expect(items.length).toBe(documents.length)
    expect(items.filter(({ metadata }) => !("touched" in metadata.annotations))).toEqual([])
    expect(linesOf(await kubectl.call(`get -f ${path} -o name`)).length).toBe(documents.length)
  })

  test("replace puts back what was applied first", async () => {
    const { stdout, stderr } = await kubectl.try(`replace -f ${path}`)
    const replaced = linesOf(stdout).filter((line) => line.endsWith(" replaced"))
    // A Job's selector and a Node's addresses were given meanwhile, and a manifest without them would take them away.
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/Node "every" is invalid: spec.podCIDRs: Forbidden: .*/),
      expect.stringMatching(/Job.batch "every" is invalid: \[spec.selector: Required value, .*/),
    ])
    expect(replaced.length).toBe(documents.length - 2)
    expect(await kubectl.call("-n every get configmap every -o jsonpath={.metadata.annotations}")).toBe("")
  })

  test("apply --server-side takes over from replace by force", async () => {
    const applied = linesOf(await kubectl.call(`apply --server-side --force-conflicts -f ${path}`))
    expect(applied.filter((line) => !line.endsWith(" serverside-applied"))).toEqual([])
    expect(applied.length).toBe(documents.length)
    const { code, stdout } = await kubectl.try(`diff --server-side --force-conflicts -f ${path}`)
    expect([code, stdout]).toEqual([0, ""])
  })

  test.each([
    ["strategic", '{"metadata":{"labels":{"by":"strategic"}}}'],
    ["merge", '{"metadata":{"labels":{"by":"merge"}}}'],
    [
      "json",
      '[{"op":"test","path":"/metadata/name","value":"every"},{"op":"add","path":"/metadata/labels/by","value":"json"}]',
    ],
  ])("patch --type=%s", async (type, patch) => {
    for (const name of ["configmap", "deployment", "storageclass", "flowschema", "resourceclaim", "lease"]) {
      await kubectl.call(`-n every label ${name} every from=test --overwrite`)
      const line = `-n every patch ${name} every --type=${type} -p '${patch}' -o jsonpath={.metadata.labels.by}`
      expect(await kubectl.call(line)).toBe(type)
    }
  })

  test("edit opens an editor and sends what it leaves", async () => {
    process.env["KUBE_EDITOR"] = "sed -i s/greeting:.hello/greeting:\\ bye/"
    try {
      expect(await kubectl.call("-n every edit configmap every")).toBe("configmap/every edited\n")
      const { stderr } = await kubectl.try("-n every edit secret every")
      expect(stderr).toBe("Edit cancelled, no changes made.\n")
    } finally {
      delete process.env["KUBE_EDITOR"]
    }
    expect(await kubectl.call("-n every get configmap every -o jsonpath={.data.greeting}")).toBe("bye")
  })

  test("create --validate=strict refuses what is unknown or there twice", async () => {
    const manifest = [
      "apiVersion: v1",
      "kind: ConfigMap",
      "metadata: { name: strict, namespace: every }",
      "data: { a: b }",
      "dta: { a: b }",
      "data: { c: d }",
      "",
    ].join("\n")
    const { code, stderr } = await kubectl.try("create --validate=strict -f -", manifest)
    expect(code).toBe(1)
    expect(stderr).toContain('unknown field "dta"')
    const warned = await kubectl.try("create --validate=warn -f -", manifest.replace(/^data: { a.*\n/m, ""))
    expect([warned.code, warned.stdout]).toEqual([0, "configmap/strict created\n"])
    expect(warned.stderr).toContain('Warning: unknown field "dta"')
  })

  test("get --chunk-size reads in pieces, and in all forms", async () => {
    const whole = await kubectl.call("get clusterroles -o name --chunk-size=0")
    expect(await kubectl.call("get clusterroles -o name --chunk-size=3")).toBe(whole)
    expect(
      await kubectl.call("get clusterroles --sort-by=.metadata.name --chunk-size=7 --no-headers"),
    ).toMatch(/^admin +\d{4}-/)
  })

  test("explain --recursive knows every kind", async () => {
    const rows = linesOf(await kubectl.call("api-resources --no-headers")).map((line) =>
      line.trim().split(/\s+/),
    )
    const explain = async (row: readonly string[]) => {
      const line = `explain ${row[0]} --api-version=${row.at(-3)} --recursive`
      expect(await kubectl.call(line), line).toMatch(
        /^KIND: [^]*^FIELDS:\n(?: {2}.*\n)* {2}apiVersion\t<string>$/m,
      )
    }
    await Promise.all(rows.map(explain))
  })

  test("wait and delete --cascade", async () => {
    await kubectl.call("-n every scale deployment every --replicas=1")
    await kubectl.call("-n every wait deployment every --for=condition=Available --timeout=30s")
    const pods = () => kubectl.call("-n every get pods -l app=every-deployment -o name")
    const replicaSets = () => kubectl.call("-n every get replicasets -l app=every-deployment -o name")
    await kubectl.call("-n every delete deployment every --cascade=orphan")
    expect(linesOf(await replicaSets()).length).toBe(1)
    await kubectl.call(`-n every delete ${(await replicaSets()).trim()} --cascade=foreground`)
    expect(await pods()).toBe("")
    await kubectl.call("-n every create deployment again --image=x")
    await kubectl.call(
      "-n every wait --for=jsonpath={.status.readyReplicas}=1 deployment/again --timeout=30s",
    )
    await kubectl.call("-n every delete deployment again --cascade=background")
    await kubectl.call("-n every wait --for=delete pod -l app=again --timeout=30s")
  })

  test("delete takes them all away", async () => {
    // One kubectl looks no more than five times a second whether they are gone: several look for their share of them.
    const shares = Array.from({ length: 6 }, (_, share) =>
      documents.filter((_, index) => index % 6 === share).join("---\n"),
    )
    const remove = (share: string) =>
      kubectl.try("delete -f - --ignore-not-found --wait --timeout=60s", share)
    for (const { stdout, stderr } of await Promise.all(shares.map(remove))) {
      expect(linesOf(stderr).filter((line) => line !== "")).toEqual([])
      expect(linesOf(stdout).filter((line) => !line.includes("deleted"))).toEqual([])
    }
    expect((await kubectl.try(`get -f ${path} -o name`)).stdout.trim()).toBe("")
  })
})
