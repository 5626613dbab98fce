import { describe, expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import { checkClaim, claimReferences, devicesOf, requestsOf } from "./plan-claims.ts"

const pod = {
  metadata: { namespace: "default", name: "web", uid: "p1" },
  spec: {
    resourceClaims: [
      { name: "own", resourceClaimTemplateName: "t" },
      { name: "shared", resourceClaimName: "shared-claim" },
      { name: "none", resourceClaimTemplateName: "t2" },
    ],
  },
  status: {
    resourceClaimStatuses: [{ name: "own", resourceClaimName: "web-own-1" }, { name: "none" }],
    extendedResourceClaimStatus: {
      resourceClaimName: "web-extended",
      requestMappings: [
        { containerName: "main", resourceName: "example.com/gpu", requestName: "container-0-request-0" },
        { containerName: "other", resourceName: "example.com/gpu", requestName: "container-1-request-0" },
      ],
    },
  },
} as unknown as Pod

describe("the claims of a pod", () => {
  it("are those it names, those made for it, and that of its extended resources", () => {
    expect(claimReferences(pod)).toEqual([
      { name: "web-own-1", mustBeOwn: true },
      { name: "shared-claim", mustBeOwn: false },
      { name: "web-extended", mustBeOwn: false },
    ])
  })
  it("are waited for", () => {
    const early = { ...pod, status: {} } as unknown as Pod
    expect(() => claimReferences(early)).toThrow(`pod "default/web": ResourceClaim not created yet`)
  })
  it("are asked of by its containers", () => {
    const container = {
      name: "main",
      resources: {
        requests: { "example.com/gpu": "1" },
        claims: [
          { name: "own", request: "fast" },
          { name: "own", request: "slow" },
          { name: "shared" },
          { name: "none" },
        ],
      },
    } as unknown as Container
    expect([...requestsOf(pod, container)]).toEqual([
      ["web-own-1", ["fast", "slow"]],
      ["shared-claim", [""]],
      ["web-extended", ["container-0-request-0"]],
    ])
  })
  it.each([
    [{}, "ResourceClaim default/c was not created for pod default/web (pod is not owner)"],
    [
      { ownerReferences: [{ uid: "p1", controller: true }] },
      "pod web (p1) is not allowed to use ResourceClaim c (c1)",
    ],
  ])("must be meant for it: %#", (more, problem) => {
    const claim = { metadata: { namespace: "default", name: "c", uid: "c1", ...more }, status: {} }
    const reference = { name: "c", mustBeOwn: true }
    expect(() => checkClaim(pod, claim as unknown as ResourceClaim, reference)).toThrow(problem)
  })
  it("have devices for some requests, or for all", () => {
    const device = (deviceName: string, requestNames: string[]) => ({
      deviceName,
      requestNames,
      poolName: "p",
      cdiDeviceIds: [],
    })
    const claim = {
      uid: "c1",
      namespace: "default",
      name: "c",
      podUids: [],
      drivers: { d: [device("a", ["fast"]), device("b", ["slow"])], e: [device("c", [])] },
    }
    const names = (request: string) => devicesOf(claim, request).map(({ device }) => device.deviceName)
    expect([names("fast"), names("slow"), names("")]).toEqual([
      ["a", "c"],
      ["b", "c"],
      ["a", "b", "c"],
    ])
  })
})
