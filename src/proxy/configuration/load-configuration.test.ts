import { describe, expect, it } from "vitest"
import { loadConfiguration } from "./load-configuration.ts"

const head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
const load = (text: string) => loadConfiguration(head + text, "proxy.yaml")

/** What kubeadm puts into the ConfigMap kube-system/kube-proxy. */
const kubeadms = `
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection: {acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, qps: 0}
clusterCIDR: 10.244.0.0/16,fd00:10:244::/56
configSyncPeriod: 0s
conntrack: {maxPerCore: null, min: null, tcpBeLiberal: false, tcpCloseWaitTimeout: null, tcpEstablishedTimeout: null, udpStreamTimeout: 0s, udpTimeout: 0s}
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
ipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false, syncPeriod: 0s, tcpFinTimeout: 0s, tcpTimeout: 0s, udpTimeout: 0s}
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}, text: {infoBufferSize: "0"}}, verbosity: 0}
metricsBindAddress: ""
mode: ""
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel: {enableDSR: false, forwardHealthCheckVip: false, networkName: "", rootHnsEndpointName: "", sourceVip: ""}
`

describe("a proxy's configuration", () => {
  it("may be kubeadm's", () => {
    const { settings, warnings } = load(kubeadms)
    expect(warnings).toEqual([])
    expect(settings).toMatchObject({
      kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf",
      podNetworks: ["10.244.0.0/16", "fd00:10:244::/56"],
      masqueradeAll: false,
      bindAddressHardFail: false,
    })
    for (const absent of ["nodeName", "nodePortAddresses", "healthzBindAddress", "oomScoreAdj"])
      expect(settings).not.toHaveProperty(absent)
  })

  it("says where node ports are open, and whose source is replaced", () => {
    expect(load("nodePortAddresses: [primary]").settings.nodePortAddresses).toBe("primary")
    expect(
      load("nodePortAddresses: [10.0.0.0/8, fd00::/8]\nnftables: {masqueradeAll: true}").settings,
    ).toMatchObject({
      nodePortAddresses: ["10.0.0.0/8", "fd00::/8"],
      masqueradeAll: true,
    })
  })

  it.each([
    ["clusterCIDRs: 10.0.0.0/8", 'strict decoding error: unknown field "clusterCIDRs"'],
    ["mode: ipvs", 'mode: Invalid value: "ipvs": Services are made of nftables rules alone'],
    ["detectLocalMode: BridgeInterface", "pods are known by their addresses (ClusterCIDR)"],
    ["nftables: {masqueradeBit: 3}", "nftables.masqueradeBit: Invalid value: 3"],
    ["clusterCIDR: 10.0.0.0/33", "must be a valid CIDR block"],
    ["clusterCIDR: 10.0.0.0/8,11.0.0.0/8", "comma-separated pair of IPv4 and IPv6 CIDR blocks"],
    ["nodePortAddresses: [primary, 10.0.0.0/8]", 'nodePortAddresses[0]: Invalid value: "primary"'],
    ["oomScoreAdj: 2000", "must be within the range [-1000, 1000]"],
  ])("%s is refused", (text, message) => {
    expect(() => load(text)).toThrow(message)
  })

  it("warns of what is without effect", () => {
    const { warnings } = load("configSyncPeriod: 1m\nclientConnection: {qps: 5}\nfeatureGates: {Other: true}")
    expect(warnings).toEqual([
      "proxy.yaml: featureGates.Other is without effect: there are no features to switch here",
      "proxy.yaml: clientConnection.qps is without effect: requests to the API server are not limited here",
      "proxy.yaml: configSyncPeriod is without effect: what changes is always watched",
    ])
  })
})
