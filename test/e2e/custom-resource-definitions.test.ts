import { readdirSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, type Kubectl, TestCluster } from "./cluster.ts"
import { compactSet, type DefinitionSet, realSet } from "./definition-sets.ts"
import { realClients } from "./real-clients.ts"

const real = realSet()
const sets: (readonly [name: string, set: DefinitionSet | undefined])[] = [
  ["of the compact kind", compactSet],
  ["of real projects", "missing" in real ? undefined : real],
]
if ("missing" in real) console.log(`skipped: definitions of real projects: ${real.missing}`)

describe.each(sets)("definitions %s", (_name, set) => {
  if (!set) return test.skip("they cannot be had here", () => {})
  const cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "1"])
  let kubectl: Kubectl
  beforeAll(async () => {
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
  })
  afterAll(() => cluster.destroy())

  const apply = (object: object, flags = "--server-side") =>
    kubectl.try(`apply ${flags} -f -`, JSON.stringify(object))
  const get = async (what: string) => JSON.parse(await kubectl.call(`get ${what} -o json`))
  const route = (name: string, spec: object) => ({
    apiVersion: `${set.gateway}/v1`,
    kind: "HTTPRoute",
    metadata: { name },
    spec,
  })
  const certificate = (name: string, spec: object) => ({
    apiVersion: `${set.certificates}/v1`,
    kind: "Certificate",
    metadata: { name },
    spec,
  })

  test("are applied, and served", async () => {
    const count = set.directories.flatMap((directory) => readdirSync(directory)).length
    const files = set.directories.map((directory) => `-f ${directory}`).join(" ")
    const applied = await kubectl.call(`apply --server-side ${files}`)
    expect(applied.match(/serverside-applied/g)).toHaveLength(count)
    const waited = await kubectl.call("wait --for=condition=Established crd --all --timeout=60s")
    // Every cluster has those of the policies for all of it.
    const others = waited.split("\n").filter((line) => line && !line.includes(".policy.networking.k8s.io "))
    expect(others).toHaveLength(count)
    // Nothing to be done the second time.
    await kubectl.call(`apply --server-side ${files}`)
    const crd = await get(`crd httproutes.${set.gateway}`)
    expect([crd.metadata.generation, crd.status.acceptedNames.kind]).toEqual([1, "HTTPRoute"])
    expect((await kubectl.try(`diff --server-side ${files}`)).code).toBe(0)
  })

  test("fill in what objects leave out", async () => {
    await kubectl.call(
      "apply --server-side -f -",
      JSON.stringify(route("small", { parentRefs: [{ name: "gw" }] })),
    )
    const path = { type: "PathPrefix", value: "/" }
    expect((await get("httproute small")).spec).toEqual({
      parentRefs: [{ group: set.gateway, kind: "Gateway", name: "gw" }],
      rules: [{ matches: [{ path }] }],
    })
    const rules = [{ backendRefs: [{ name: "web", port: 80 }] }]
    await kubectl.call("create -f -", JSON.stringify(route("backed", { rules })))
    const [rule] = (await get("httproute backed")).spec.rules
    expect(rule).toMatchObject({ matches: [{ path }], backendRefs: [{ name: "web", port: 80, weight: 1 }] })
  })

  test("refuse what their rules forbid", async () => {
    const redirect = route("nowhere", { rules: [{ filters: [{ type: "RequestRedirect" }] }] })
    const { stderr } = await apply(redirect)
    expect(stderr).toContain(
      `The HTTPRoute "nowhere" is invalid: spec.rules[0].filters[0]: Invalid value: ${set.redirectMessage}`,
    )
    const matches = [{ path: { type: "Regular", value: "/" } }]
    expect((await apply(route("odd", { rules: [{ matches }] }))).stderr).toContain(
      'spec.rules[0].matches[0].path.type: Unsupported value: "Regular": supported values: "Exact", "PathPrefix", "RegularExpression"',
    )
  })

  test("merge what two appliers say of one list", async () => {
    const gateway = (name: string, port: number) => ({
      apiVersion: `${set.gateway}/v1`,
      kind: "Gateway",
      metadata: { name: "gw" },
      spec: { gatewayClassName: "one", listeners: [{ name, port, protocol: "HTTP" }] },
    })
    expect((await apply(gateway("a", 80), "--server-side --field-manager=first")).stderr).toBe("")
    expect((await apply(gateway("b", 81), "--server-side --field-manager=second")).stderr).toBe("")
    const { listeners } = (await get("gateway gw")).spec
    expect(listeners.map((each: { name: string }) => each.name)).toEqual(["a", "b"])
    expect(listeners[0].allowedRoutes).toEqual({ namespaces: { from: "Same" } })
    const same = await apply(gateway("c", 80), "--server-side --field-manager=third")
    expect(same.stderr).toContain("spec.listeners: Invalid value")
  })

  test("know their fields: unknown ones are told of, or dropped", async () => {
    const issuerRef = { name: "ca" }
    const wrong = certificate("web", { secretName: "web", secretname: "x", issuerRef })
    expect((await apply(wrong, "--validate=strict")).stderr).toContain('unknown field "spec.secretname"')
    const { stderr } = await apply(wrong, "--validate=warn")
    expect(stderr).toContain('Warning: unknown field "spec.secretname"')
    expect((await get("cert web")).spec).toEqual({ secretName: "web", issuerRef })
    const missing = await apply(certificate("none", { issuerRef }), "--validate=ignore")
    expect(missing.stderr).toContain('The Certificate "none" is invalid: spec.secretName: Required value')
  })

  test("have columns, a status and categories", async () => {
    const status = { conditions: [{ type: "Ready", status: "True" }] }
    const patch = JSON.stringify({ status })
    await kubectl.call(`patch certificate web --subresource=status --type=merge -p ${patch}`)
    const [head, line] = (await kubectl.call("get cert-manager")).split("\n")
    expect(head!.split(/\s+/).slice(0, 3)).toEqual(["NAME", "READY", "SECRET"])
    expect(line).toMatch(/^(certificate\S+\/)?web +True +web +/)
    const { stderr } = await kubectl.try(`patch certificate web --type=strategic -p ${patch}`)
    expect(stderr).toContain("application/strategic-merge-patch+json is not supported by")
  })

  test("are scaled and explained", async () => {
    const resources = { limits: { memory: "1Gi", cpu: 2 } }
    const object = {
      apiVersion: `${set.monitoring}/v1`,
      kind: "Prometheus",
      metadata: { name: "main" },
      spec: { shards: 1, resources },
    }
    expect((await apply(object)).stderr).toBe("")
    expect((await get("prom main")).spec).toMatchObject({ portName: "web", scrapeInterval: "30s", resources })
    await kubectl.call("scale prometheus/main --replicas=3")
    expect((await get("prom main")).spec.shards).toBe(3)
    const { stderr } = await apply({ ...object, spec: { scrapeInterval: "often" } })
    expect(stderr).toContain(
      'spec.scrapeInterval: Invalid value: "often": spec.scrapeInterval in body should match',
    )
    const explained = await kubectl.call(`explain prometheus.spec.shards --api-version=${set.monitoring}/v1`)
    expect(explained).toMatch(
      /GROUP: +monitoring\.[^]*KIND: +Prometheus[^]*FIELD: shards <integer>[^]*shards/,
    )
  })

  test("are counted by quotas, and guarded by roles", async () => {
    const resource = `prometheuses.${set.monitoring}`
    await kubectl.call(`create quota few --hard=count/${resource}=1`)
    const used = () => kubectl.json<{ status: { used?: object } }>("get quota few")
    await eventually(
      async () => expect((await used()).status.used).toEqual({ [`count/${resource}`]: "1" }),
      60_000,
    )
    const second = {
      apiVersion: `${set.monitoring}/v1`,
      kind: "Prometheus",
      metadata: { name: "second" },
      spec: {},
    }
    expect((await kubectl.try("create -f -", JSON.stringify(second))).stderr).toContain(
      `${resource} "second" is forbidden: exceeded quota: few, requested: count/${resource}=1, used: count/${resource}=1, limited: count/${resource}=1`,
    )
    await kubectl.call("create serviceaccount reader")
    await kubectl.call(`create role reader --verb=get --resource=${resource}`)
    await kubectl.call("create rolebinding reader --role=reader --serviceaccount=default:reader")
    const as = "--as=system:serviceaccount:default:reader"
    expect(await kubectl.call(`get prometheus main -o name ${as}`)).toBe(
      `prometheus.${set.monitoring}/main\n`,
    )
    expect((await kubectl.try(`delete prometheus main ${as}`)).stderr).toContain(
      `cannot delete resource "prometheuses" in API group "${set.monitoring}" in the namespace "default"`,
    )
  })

  test("take their objects with them", async () => {
    await kubectl.call(`delete crd certificates.${set.certificates} --timeout=60s`)
    const { stderr } = await kubectl.try("get certificates")
    expect(stderr).toContain("the server could not find the requested resource")
    expect(cluster.log(400)).not.toMatch(/level=error|"level":"error"/)
  })
})
