import { readFileSync } from "node:fs"
import { EndpointSlice } from "../../../src/api/discovery/v1/endpoint-slice.ts"
import { Namespace } from "../../../src/api/core/v1/namespace.ts"
import { Pod } from "../../../src/api/core/v1/pod.ts"
import { Service, type ServiceSpec } from "../../../src/api/core/v1/service.ts"
import type { Client } from "../../../src/client/client.ts"
import type { Kubectl } from "../cluster.ts"

const namespace = "names"
const script = readFileSync(new URL("ask.mjs", import.meta.url), "utf8")
const port = { name: "http", port: 80, protocol: "TCP" as const }
/** More than a datagram takes. */
const manyAddresses = Array.from({ length: 120 }, (_, index) => `198.51.100.${index + 1}`)

/** How a name is asked for, the name, and what should be heard. */
type Question = readonly [way: string, name: string, answers: readonly string[]]

/** A pod on each node, and Services of every kind for them to ask about. */
export class Names {
  readonly #client: Client
  readonly #kubectl: Kubectl
  #questions: readonly Question[] = []

  constructor(client: Client, kubectl: Kubectl) {
    this.#client = client
    this.#kubectl = kubectl
  }

  async start(nodes: readonly string[], image: string): Promise<void> {
    await this.#client.create(Namespace, { metadata: { name: namespace } })
    for (const nodeName of nodes) await this.#client.create(Pod, podOn(nodeName, image))
    const web = await this.#createService("web", {})
    await this.#createService("single", { clusterIP: "None" }, ["198.51.100.200"])
    await this.#createService("six", { clusterIP: "None" }, ["2001:db8::7"])
    await this.#createService("many", { clusterIP: "None" }, manyAddresses)
    await this.#createService("elsewhere", {
      type: "ExternalName",
      externalName: "single.names.svc.cluster.local",
    })
    this.#questions = questionsAbout(web.spec.clusterIP!)
    await this.#kubectl.call(`-n ${namespace} wait pod --all --for=condition=Ready --timeout=60s`)
  }

  /** The answers of the node's server that are not what they should be. */
  async wrongAnswers(nodeName: string): Promise<string[]> {
    const asked = JSON.stringify(this.#questions.map(([way, name]) => [way, name]))
    const run = `node --input-type=module - '${asked}'`
    const output = await this.#kubectl.call(`-n ${namespace} exec -i on-${nodeName} -- ${run}`, script)
    const heard = JSON.parse(output) as string[][]
    return this.#questions.flatMap(([way, name, answers], index) =>
      heard[index]!.join() === answers.toSorted().join() ? [] : [`${way} ${name}: ${heard[index]!.join()}`],
    )
  }

  async #createService(name: string, spec: Partial<ServiceSpec>, addresses: readonly string[] = []) {
    const service = await this.#client.create(Service, {
      metadata: { namespace, name },
      spec: { ports: [port], ...spec },
    })
    if (addresses.length > 0)
      await this.#client.create(EndpointSlice, {
        metadata: { namespace, name, labels: { "kubernetes.io/service-name": name } },
        addressType: addresses[0]!.includes(":") ? "IPv6" : "IPv4",
        ports: [port],
        endpoints: addresses.map((address, index) => ({
          addresses: [address],
          conditions: { ready: true },
          ...(index === 0 && { hostname: "first" }),
        })),
      })
    return service
  }
}

function questionsAbout(clusterIP: string): readonly Question[] {
  const domain = `${namespace}.svc.cluster.local`
  const single = ["198.51.100.200"]
  return [
    ["A", `web.${domain}`, [clusterIP]],
    ["AAAA", `web.${domain}`, ["ENODATA"]],
    ["AAAA", `six.${domain}`, ["2001:db8::7"]],
    ["A", `nothing.${domain}`, ["ENOTFOUND"]],
    ["SRV", `_http._tcp.web.${domain}`, [`web.${domain}:80`]],
    ["SRV", `_http._tcp.single.${domain}`, [`first.single.${domain}:80`]],
    ["A", `first.single.${domain}`, single],
    ["PTR", `${clusterIP.split(".").toReversed().join(".")}.in-addr.arpa`, [`web.${domain}`]],
    ["CNAME", `elsewhere.${domain}`, [`single.${domain}`]],
    ["A", `elsewhere.${domain}`, single],
    ["datagram", `single.${domain}`, ["whole"]],
    ["datagram", `many.${domain}`, ["truncated"]],
    ["A", `many.${domain}`, manyAddresses],
    // Fewer dots than `ndots`: the search path comes first, and its second and third entries, too, lead on.
    ["lookup", "web", [clusterIP]],
    ["lookup", `web.${namespace}`, [clusterIP]],
    ["lookup", `web.${namespace}.svc`, [clusterIP]],
    ["lookup", `web.${domain}`, [clusterIP]],
    ["lookup", `first.single.${domain}`, single],
    ["lookup", "elsewhere", single],
    ["lookup", `web.${domain}.`, [clusterIP]],
    ["lookup", `nothing.${domain}.`, ["ENOTFOUND"]],
  ]
}

function podOn(nodeName: string, image: string) {
  const wait = ["node", "-e", "setInterval(() => {}, 1e6)"]
  return {
    metadata: { namespace, name: `on-${nodeName}` },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": nodeName },
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "asker", image, imagePullPolicy: "Never" as const, command: wait }],
    },
  }
}
