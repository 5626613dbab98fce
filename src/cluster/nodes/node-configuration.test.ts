import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { parseKubeletFiles } from "../commands/kubelet-flags.ts"
import type { NodeParts } from "./cluster-node.ts"
import { nodeConfiguration } from "./node-configuration.ts"

let directory: string
let file: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-kubelet-config-"))
  file = join(directory, "kubelet.yaml")
})
afterAll(() => rmSync(directory, { recursive: true }))

const write = (fields: string) =>
  writeFileSync(file, `apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${fields}\n`)

it("is as the user's file says, but for what nodes on one machine must not share", () => {
  write("maxPods: 20\nport: 10250\ncgroupRoot: /other\nstaticPodPath: manifests")
  const warnings: string[] = []
  const configuration = nodeConfiguration({
    name: "node-1",
    directory: { path: directory, nodeDirectory: () => join(directory, "node-1") },
    networks: { dnsServices: ["10.96.0.10"], clusterDomain: "cluster.local" },
    kubeletConfig: file,
    log: { warn: (message: string) => void warnings.push(message) },
  } as unknown as NodeParts)
  expect(configuration).toMatchObject({
    maxPods: 20,
    clusterDNS: ["10.96.0.10"],
    clusterDomain: "cluster.local",
    staticPodPath: join(directory, "manifests"),
    podLogsDir: join(directory, "node-1/kubelet/logs"),
    failSwapOn: false,
  })
  expect(configuration.cgroupRoot).toMatch(/^\/coracle\/[0-9a-f]{8}\/node-1$/)
  expect(warnings).toEqual([
    `${file}: port is without effect: what runs the kubelet decides it`,
    `${file}: cgroupRoot is without effect: what runs the kubelet decides it`,
  ])
})

const none = {
  "kubelet-config": undefined,
  "image-credential-provider-config": undefined,
  "image-credential-provider-bin-dir": undefined,
}

it("is refused before anything starts when it is not right", () => {
  write("maxPod: 20")
  expect(() => parseKubeletFiles({ ...none, "kubelet-config": file })).toThrow('unknown field "maxPod"')
  expect(() => parseKubeletFiles({ ...none, "kubelet-config": join(directory, "nothing") })).toThrow(
    "failed to read kubelet config file",
  )
  expect(parseKubeletFiles({ ...none })).toEqual({})
})
