import { afterEach, describe, expect, test } from "vitest"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Event } from "../../api/core/v1/event.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { decodeAdmissionConfiguration } from "./configuration.ts"
import { type GuardedServer, startGuardedServer } from "./testing.ts"

let server: GuardedServer
afterEach(() => server?.stop())

async function start(plugin: string, annotations: Record<string, string> = {}): Promise<void> {
  server = await startGuardedServer({ enable: [plugin] })
  await server.client.create(Namespace, { metadata: { name: "ns", annotations } })
  await server.client.create(ServiceAccount, { metadata: { namespace: "ns", name: "default" } })
}

const makePod = (name: string, spec: object = {}) =>
  server.client.create(Pod, {
    metadata: { namespace: "ns", name },
    spec: { containers: [{ name: "c", image: "i" }], ...spec },
  })

test("PodNodeSelector keeps pods on the nodes of their namespace", async () => {
  await start("PodNodeSelector", { "scheduler.alpha.kubernetes.io/node-selector": "env=test, zone=a" })
  const pod = await makePod("a", { nodeSelector: { disk: "ssd" } })
  expect(pod.spec.nodeSelector).toEqual({ env: "test", zone: "a", disk: "ssd" })
  await expect(makePod("b", { nodeSelector: { env: "prod" } })).rejects.toThrow(
    'pods "b" is forbidden: pod node label selector conflicts with its namespace node label selector',
  )
})

test("PodTolerationRestriction gives tolerations and limits them", async () => {
  const batch = { key: "batch", operator: "Exists", effect: "NoSchedule" }
  await start("PodTolerationRestriction", {
    "scheduler.alpha.kubernetes.io/defaultTolerations": JSON.stringify([batch]),
    "scheduler.alpha.kubernetes.io/tolerationsWhitelist": JSON.stringify([
      batch,
      { operator: "Exists", effect: "NoExecute" },
    ]),
  })
  expect((await makePod("a")).spec.tolerations).toContainEqual(batch)
  await expect(makePod("b", { tolerations: [{ key: "gpu", operator: "Exists" }] })).rejects.toThrow(
    "conflict with its namespace whitelist",
  )
})

test("NamespaceAutoProvision makes what is missing", async () => {
  await start("NamespaceAutoProvision")
  await server.client.create(ConfigMap, { metadata: { namespace: "new", name: "a" } })
  expect((await server.client.get(Namespace, { name: "new" })).status.phase).toBe("Active")
})

test("AlwaysDeny denies", async () => {
  server = await startGuardedServer()
  await server.stop()
  await expect(startGuardedServer({ enable: ["AlwaysDeny"] })).rejects.toThrow(
    "admission control is denying all modifications",
  )
})

describe("a configuration file", () => {
  const decode = (plugins: string, files: Record<string, string> = {}) =>
    decodeAdmissionConfiguration(
      `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n${plugins}`,
      "admission.yaml",
      (path) => files[path]!,
    )
  const podSecurity = (rest: string) =>
    `{apiVersion: pod-security.admission.config.k8s.io/v1, kind: PodSecurityConfiguration, ${rest}}`
  const eventLimit = (limits: string) =>
    `{apiVersion: eventratelimit.admission.k8s.io/v1alpha1, kind: Configuration, limits: [${limits}]}`

  test("tells PodSecurity what holds where labels say nothing", async () => {
    const settings = decode(
      `- name: PodSecurity\n  configuration: ${podSecurity("defaults: {enforce: baseline, enforce-version: v1.30}, exemptions: {namespaces: [free]}")}`,
    )
    server = await startGuardedServer(settings)
    for (const name of ["ns", "free"]) {
      await server.client.create(Namespace, { metadata: { name } })
      await server.client.create(ServiceAccount, { metadata: { namespace: name, name: "default" } })
    }
    await expect(makePod("a", { hostNetwork: true })).rejects.toThrow('violates PodSecurity "baseline:v1.30"')
    await server.client.create(Pod, {
      metadata: { namespace: "free", name: "a" },
      spec: { containers: [{ name: "c", image: "i" }], hostNetwork: true },
    })
  })

  test("tells PodNodeSelector what holds for whom", async () => {
    const settings = decode(
      "- {name: PodNodeSelector, configuration: {podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: env=test, ns: 'env=test,disk=ssd'}}}",
    )
    server = await startGuardedServer({ ...settings, enable: ["PodNodeSelector"] })
    await server.client.create(Namespace, { metadata: { name: "ns" } })
    await server.client.create(ServiceAccount, { metadata: { namespace: "ns", name: "default" } })
    expect((await makePod("a", { nodeSelector: { disk: "ssd" } })).spec.nodeSelector).toEqual({
      env: "test",
      disk: "ssd",
    })
    await expect(makePod("b", { nodeSelector: { gpu: "yes" } })).rejects.toThrow(
      'pods "b" is forbidden: pod node label selector labels conflict with its namespace whitelist',
    )
  })

  test("tells PodTolerationRestriction what holds where namespaces say nothing", async () => {
    const settings = decode(
      "- {name: PodTolerationRestriction, configuration: {apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1, kind: Configuration, default: [{key: a, operator: Exists}], whitelist: [{key: a, operator: Exists}, {operator: Exists, effect: NoExecute}]}}",
    )
    server = await startGuardedServer({ ...settings, enable: ["PodTolerationRestriction"] })
    await server.client.create(Namespace, { metadata: { name: "ns" } })
    await server.client.create(ServiceAccount, { metadata: { namespace: "ns", name: "default" } })
    expect((await makePod("a")).spec.tolerations).toContainEqual({ key: "a", operator: "Exists" })
    await expect(makePod("b", { tolerations: [{ key: "b", operator: "Exists" }] })).rejects.toThrow(
      "conflict with its cluster whitelist",
    )
  })

  test("tells EventRateLimit how much is too much", async () => {
    const text = eventLimit("{type: Namespace, qps: 1, burst: 2}")
    const settings = decode("- {name: EventRateLimit, path: events.yaml}", { "events.yaml": text })
    const clock = new SimulatedClock()
    server = await startGuardedServer({ ...settings, enable: ["EventRateLimit"], clock })
    const tell = (namespace: string, name: string) =>
      server.client.create(Event, {
        metadata: { namespace, name },
        involvedObject: { kind: "Namespace", name: namespace, namespace },
        source: {},
      })
    await server.client.create(Namespace, { metadata: { name: "ns" } })
    await tell("ns", "a")
    await tell("ns", "b")
    await expect(tell("ns", "c")).rejects.toMatchObject({
      code: 429,
      message: "Too many requests: limit reached on type Namespace for key ns",
    })
    await tell("default", "c")
    await clock.advance(1000)
    await tell("ns", "c")
  })

  test.each([
    ["- {name: Nonsense, path: x}", /no configuration for the admission plugin "Nonsense"/],
    [
      "- {name: ImagePolicyWebhook, configuration: {imagePolicy: {allowTTL: 1801}}}",
      /valid value is between 1000ms and 1800000ms, got 1801000ms/,
    ],
    [
      "- {name: MutatingAdmissionWebhook, configuration: {apiVersion: apiserver.config.k8s.io/v1, kind: WebhookAdmissionConfiguration, kubeConfigFile: here}}",
      /kubeConfigFile: Invalid value: "here": must be an absolute file path/,
    ],
    [`- {name: PodSecurity, configuration: ${podSecurity("defaults: {enforce: none}")}}`, /enforce.*"none"/],
    [`- {name: EventRateLimit, configuration: ${eventLimit("{type: All, qps: 1, burst: 1}")}}`, /"All"/],
    [
      `- {name: EventRateLimit, configuration: ${eventLimit("{type: User, qps: 0, burst: 1}")}}`,
      /must be positive/,
    ],
  ])("%s is refused", (plugins, message) => {
    expect(() => decode(plugins)).toThrow(message)
  })
})
