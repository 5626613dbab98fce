import { beforeEach, describe, expect, it } from "vitest"
import { silentLogger } from "../../../base/log.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { CredentialProvider } from "./credential-provider.ts"
import type { CredentialProviderSettings, TokenAttributes } from "./provider-configuration.ts"

const apiVersion = "credentialprovider.kubelet.k8s.io/v1"
const auth = { "registry.example": { username: "cloud", password: "secret" } }
const answer = (more: object) =>
  JSON.stringify({ apiVersion, kind: "CredentialProviderResponse", cacheKeyType: "Image", auth, ...more })
const podOf = (serviceAccountName?: string) =>
  ({
    metadata: { name: "web", namespace: "default", uid: "1" },
    spec: { containers: [], ...(serviceAccountName && { serviceAccountName }) },
  }) as unknown as Pod

let clock: SimulatedClock
let requests: Record<string, unknown>[]
beforeEach(() => {
  clock = new SimulatedClock()
  requests = []
})

function provider(
  output: string | (() => Promise<string>),
  settings: Partial<CredentialProviderSettings> = {},
) {
  const annotations = { "example.com/role": "puller", other: "thing" }
  return new CredentialProvider({
    settings: {
      name: "cloud",
      matchImages: ["registry.example", "*.example.com/team"],
      defaultCacheDuration: "10m",
      apiVersion,
      ...settings,
    },
    run: async (_, input) => {
      requests.push(JSON.parse(input) as Record<string, unknown>)
      return typeof output === "string" ? output : output()
    },
    objects: {
      find: async <T extends KubeObject>(_: unknown, { name }: { name: string }) =>
        name === "builder" ? ({ metadata: { name, uid: "sa", annotations } } as unknown as T) : undefined,
    },
    token: async (_, audience) => `token for ${audience}`,
    clock,
    log: silentLogger,
  })
}

describe("a credential provider", () => {
  it("is asked for its own images, by the name of their repository", async () => {
    const cloud = provider(answer({}))
    expect(await cloud.provide("registry.example/app:v1", podOf())).toEqual(auth)
    expect(await cloud.provide("eu.example.com/team/app", podOf())).toEqual(auth)
    expect(await cloud.provide("eu.example.com/others/app", podOf())).toEqual({})
    expect(await cloud.provide("nginx", podOf())).toEqual({})
    const kind = "CredentialProviderRequest"
    expect(requests).toEqual([
      { kind, apiVersion, image: "registry.example/app" },
      { kind, apiVersion, image: "eu.example.com/team/app" },
    ])
  })

  it.each([
    ["Image", 2],
    ["Registry", 1],
    ["Global", 1],
  ])("keeps what it said for its %s", async (cacheKeyType, times) => {
    const cloud = provider(answer({ cacheKeyType }))
    for (const image of ["registry.example/a", "registry.example/a:v2", "registry.example/b"])
      await cloud.provide(image, podOf())
    expect(requests).toHaveLength(times)
  })

  it("keeps it for as long as was said", async () => {
    const brief = provider(answer({ cacheDuration: "1m" }))
    const never = provider(answer({ cacheDuration: "0s" }))
    const usual = provider(answer({}))
    const count = async (cloud: CredentialProvider, ms: number) => {
      requests = []
      await cloud.provide("registry.example/a", podOf())
      await clock.advance(ms)
      await cloud.provide("registry.example/a", podOf())
      return requests.length
    }
    expect(await count(brief, 59_000)).toBe(1)
    expect(await count(brief, 60_000)).toBe(1)
    expect(await count(never, 0)).toBe(2)
    expect(await count(usual, 599_000)).toBe(1)
    expect(await count(usual, 1_000)).toBe(1)
  })

  it("is run once for pods that ask together", async () => {
    const cloud = provider(() => clock.advance(1000).then(() => answer({})))
    const asked = [1, 2, 3].map(() => cloud.provide("registry.example/a", podOf()))
    expect(await Promise.all(asked)).toEqual([auth, auth, auth])
    expect(requests).toHaveLength(1)
  })

  it.each([
    ["no JSON", "not found"],
    ["another version", answer({ apiVersion: "credentialprovider.kubelet.k8s.io/v1beta1" })],
    ["another kind", answer({ kind: "Pod" })],
    ["no key", answer({ cacheKeyType: "Everything" })],
  ])("says nothing when its program writes %s", async (_, output) => {
    expect(await provider(output).provide("registry.example/a", podOf())).toEqual({})
  })

  it("says nothing when its program fails", async () => {
    const failing = provider(() => Promise.reject(new Error("exit status 1")))
    expect(await failing.provide("registry.example/a", podOf())).toEqual({})
  })

  describe("that wants the pod's service account", () => {
    const tokenAttributes = (more: Partial<TokenAttributes> = {}): TokenAttributes => ({
      serviceAccountTokenAudience: "registry",
      cacheType: "ServiceAccount",
      requireServiceAccount: true,
      requiredServiceAccountAnnotationKeys: ["example.com/role"],
      ...more,
    })

    it("gets a token and the annotations that it asks for", async () => {
      const cloud = provider(answer({}), { tokenAttributes: tokenAttributes() })
      expect(await cloud.provide("registry.example/a", podOf("builder"))).toEqual(auth)
      expect(requests[0]).toMatchObject({
        serviceAccountToken: "token for registry",
        serviceAccountAnnotations: { "example.com/role": "puller" },
      })
      await cloud.provide("registry.example/a", podOf("builder"))
      expect(requests).toHaveLength(1)
    })

    it("is not run for accounts that are not meant", async () => {
      const wanted = tokenAttributes({ requiredServiceAccountAnnotationKeys: ["example.com/absent"] })
      const cloud = provider(answer({}), { tokenAttributes: wanted })
      expect(await cloud.provide("registry.example/a", podOf("builder"))).toEqual({})
      expect(await cloud.provide("registry.example/a", podOf())).toEqual({})
      expect(await cloud.provide("registry.example/a", podOf("nobody"))).toEqual({})
      expect(requests).toEqual([])
    })

    it("may do without one", async () => {
      const wanted = tokenAttributes({
        requireServiceAccount: false,
        requiredServiceAccountAnnotationKeys: [],
      })
      const cloud = provider(answer({}), { tokenAttributes: wanted })
      expect(await cloud.provide("registry.example/a", podOf())).toEqual(auth)
      expect(requests[0]).not.toHaveProperty("serviceAccountToken")
    })
  })
})
