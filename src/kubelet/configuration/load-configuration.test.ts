import { describe, expect, test } from "vitest"
import { defaultConfiguration } from "./default-configuration.ts"
import { loadConfiguration } from "./load-configuration.ts"

const source = (fields: string, path = "kubelet.yaml") => ({
  path,
  text: `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${fields}`,
  resolvePath: (each: string) => (each.startsWith("/") ? each : `/etc/kubelet/${each}`),
})
const dropIn = (fields: string, path = "10.conf") => ({ ...source(fields, path), isDropIn: true })
const load = (fields: string, options: object = {}) => loadConfiguration([source(fields)], options)
const configured = (fields: string) => load(fields).configuration

describe("a kubelet's configuration", () => {
  test("that says nothing is upstream's default", () => {
    expect(load("").warnings).toEqual([])
    expect(configured("")).toMatchObject({
      maxPods: 110,
      port: 10_250,
      failSwapOn: true,
      serializeImagePulls: true,
      nodeStatusUpdateFrequency: "10s",
      nodeStatusReportFrequency: "5m0s",
      evictionHard: { "memory.available": "100Mi", "nodefs.available": "10%" },
      enforceNodeAllocatable: ["pods"],
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true, cacheTTL: "2m0s" } },
      authorization: { mode: "Webhook", webhook: { cacheAuthorizedTTL: "5m0s" } },
      crashLoopBackOff: { maxContainerRestartPeriod: "5m0s" },
      shutdownGracePeriod: "0s",
    })
  })

  test("has defaults that depend on what else it says", () => {
    expect(configured("nodeStatusUpdateFrequency: 1m").nodeStatusReportFrequency).toBe("1m0s")
    expect(configured("maxParallelImagePulls: 3").serializeImagePulls).toBe(false)
    expect(configured("podPidsLimit: -7").podPidsLimit).toBe(-1)
    expect(configured("imageMinimumGCAge: 0s").imageMinimumGCAge).toBe("2m0s")
    expect(configured("maxPods: 0").maxPods).toBe(110)
    expect(configured("evictionHard: {memory.available: 1Gi}").evictionHard).toEqual({
      "memory.available": "1Gi",
    })
    const merged = configured("evictionHard: {memory.available: 1Gi}\nmergeDefaultEvictionSettings: true")
    expect(merged.evictionHard).toMatchObject({ "memory.available": "1Gi", "imagefs.available": "15%" })
  })

  test("is overruled by flags, and goes before what is usual here", () => {
    const usual = { failSwapOn: false, maxPods: 50 }
    const { configuration } = load("maxPods: 60", { usual, flags: { maxPods: 70 } })
    expect(configuration).toMatchObject({ failSwapOn: false, maxPods: 70 })
    expect(defaultConfiguration(usual)).toMatchObject({ failSwapOn: false, maxPods: 50, port: 10_250 })
  })

  test("is changed by further files: maps field by field, lists as wholes", () => {
    const { configuration } = loadConfiguration(
      [
        source("maxPods: 50\nevictionHard: {memory.available: 1Gi}\nclusterDNS: [10.0.0.1, 10.0.0.2]"),
        dropIn("maxPods: 60\nevictionHard: {nodefs.available: 5%}", "10-more.conf"),
        dropIn("clusterDNS: [10.0.0.9]", "20-dns.conf"),
      ],
      {},
    )
    expect(configuration).toMatchObject({ maxPods: 60, clusterDNS: ["10.0.0.9"] })
    expect(configuration.evictionHard).toEqual({ "memory.available": "1Gi", "nodefs.available": "5%" })
    const wrong = [source("maxPods: 50"), dropIn("nope: 1", "10-wrong.conf")]
    expect(() => loadConfiguration(wrong, {})).toThrow(
      '10-wrong.conf: strict decoding error: unknown field "nope"',
    )
  })

  test("is by default again what a further file says is null", () => {
    const base = source(
      "maxPods: 50\npodsPerCore: 3\nevictionHard: {memory.available: 1Gi, nodefs.available: 5%}",
    )
    const change = dropIn(
      "maxPods: null\nevictionHard: {memory.available: ~}\nauthentication: {webhook: {enabled: null}}",
    )
    const { configuration } = loadConfiguration([base, change], {})
    expect(configuration).toMatchObject({ maxPods: 110, podsPerCore: 3 })
    expect(configuration.authentication.webhook.enabled).toBe(true)
    expect(configuration.evictionHard).toEqual({ "nodefs.available": "5%" })
    // A first file that says null says nothing.
    expect(configured("maxPods: null").maxPods).toBe(110)
    // Nothing was there before it but what is so by default.
    const alone = loadConfiguration(
      [dropIn("evictionHard: {memory.available: null, nodefs.available: 1%}")],
      {},
    )
    expect(alone.configuration.evictionHard).toEqual({
      "nodefs.available": "1%",
      "nodefs.inodesFree": "5%",
      "imagefs.available": "15%",
      "imagefs.inodesFree": "5%",
    })
    const later = dropIn("maxPods: 70", "20.conf")
    expect(loadConfiguration([base, change, later], {}).configuration.maxPods).toBe(70)
  })

  test("has paths relative to its file", () => {
    const fields = "staticPodPath: manifests\nauthentication: {x509: {clientCAFile: ca.crt}}"
    expect(configured(fields)).toMatchObject({
      staticPodPath: "/etc/kubelet/manifests",
      authentication: { x509: { clientCAFile: "/etc/kubelet/ca.crt" }, webhook: { enabled: true } },
    })
  })

  test.each([
    ["maxPod: 3", 'strict decoding error: unknown field "maxPod"'],
    ["maxPods: many", "cannot unmarshal string"],
    ["maxPods: 1\nmaxPods: 2", 'key "maxPods" already set in map'],
    ["maxPods: -1", "invalid configuration: maxPods (--max-pods) -1 must not be a negative number"],
    [
      "imageGCLowThresholdPercent: 90",
      "imageGCLowThresholdPercent (--image-gc-low-threshold) 90 must be less than imageGCHighThresholdPercent (--image-gc-high-threshold) 85",
    ],
    [
      "shutdownGracePeriod: 10s\nshutdownGracePeriodCriticalPods: 20s",
      "invalid configuration: shutdownGracePeriodCriticalPods 20s must be <= shutdownGracePeriod 10s",
    ],
    [
      "topologyManagerPolicy: odd",
      'topologyManagerPolicy (--topology-manager-policy) "odd" must be one of: ["none" "best-effort" "restricted" "single-numa-node"]',
    ],
    ["evictionHard: {memory.free: 1Gi}", "unrecognized eviction signal memory.free"],
    [
      "evictionSoft: {memory.available: 1Gi}",
      "grace period must be specified for the soft eviction threshold memory.available",
    ],
    ["evictionHard: {memory.available: '-5%'}", "must be >= 0%: -5%"],
    [
      "enforceNodeAllocatable: [pods, system-reserved]",
      'systemReservedCgroup (--system-reserved-cgroup) must be specified when "system-reserved" or "system-reserved-compressible" included',
    ],
    ["enforceNodeAllocatable: [pods, pods]", 'duplicated enforcements "pods"'],
    ['kubeReserved: {gpu: "1"}', '--kube-reserved value failed to parse: cannot reserve "gpu" resource'],
    [
      "reservedSystemCPUs: 3-1",
      "unable to parse reservedSystemCPUs (--reserved-cpus) 3-1, error: invalid range",
    ],
    [
      "reservedMemory: [{numaNode: 0, limits: {memory: 0}}]",
      'reserved memory may not be zero for NUMA node 0 and resource "memory"',
    ],
    ["registerWithTaints: [{key: '', effect: NoSchedule}]", "invalid taint: {  NoSchedule <nil>}"],
    ["cgroupDriver: systemd", "cgroupDriver is not supported: control groups are made without systemd"],
    ["runOnce: true", "Runonce mode has been deprecated and should not be set"],
  ])("%s is refused", (fields, problem) => {
    expect(() => load(fields)).toThrow(problem)
  })

  test("tells several mistakes together", () => {
    expect(() => load("maxPods: -1\npodsPerCore: -1")).toThrow(
      "kubelet.yaml: failed to validate kubelet configuration, error: [invalid configuration: maxPods (--max-pods) -1 must not be a negative number, invalid configuration: podsPerCore (--pods-per-core) -1 must not be a negative number]",
    )
    expect(() => loadConfiguration([{ ...source(""), text: "" }], {})).toThrow(
      'kubelet config file "kubelet.yaml" was empty',
    )
  })

  test("says what it cannot follow, unless nothing is meant by it", () => {
    expect(load("kubeAPIQPS: 500\nfeatureGates: {Odd: true}").warnings).toEqual([
      "kubelet.yaml: kubeAPIQPS is without effect: requests to the API server are not limited here",
      "kubelet.yaml: featureGates: Odd is without effect: features are as in a release without it",
    ])
    // As kubeadm writes it.
    const written = `
cgroupDriver: cgroupfs
contentType: ""
httpCheckFrequency: 0s
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
memorySwap: {}
syncFrequency: 0s
kubeAPIQPS: 50
crashLoopBackOff: {maxContainerRestartPeriod: 5m}
`
    expect(load(written).warnings).toEqual([])
  })
})
