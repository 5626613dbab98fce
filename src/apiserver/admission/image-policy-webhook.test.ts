import { afterEach, expect, it } from "vitest"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { type GuardedServer, startGuardedServer } from "./testing.ts"

let server: GuardedServer
afterEach(() => server?.stop())

const namespace = "images"
type Review = { spec: { containers: { image: string }[] } }

async function start(answer: (review: Review) => object, defaultAllow = false): Promise<object[]> {
  const asked: object[] = []
  server = await startGuardedServer({
    enable: ["ImagePolicyWebhook"],
    imagePolicy: {
      async post(review) {
        asked.push(review)
        return answer(review as Review)
      },
      allowLifetimeMs: 300_000,
      denyLifetimeMs: 30_000,
      retryBackoffMs: 1,
      defaultAllow,
    },
  })
  await server.client.create(Namespace, { metadata: { name: namespace } })
  await server.client.create(ServiceAccount, { metadata: { namespace, name: "default" } })
  return asked
}

const makePod = (name: string, image: string) =>
  server.client.create(Pod, {
    metadata: {
      namespace,
      name,
      annotations: { "team.image-policy.k8s.io/ticket": "1234", "example.com/other": "x" },
    },
    spec: { containers: [{ name: "c", image }], initContainers: [{ name: "i", image: "init" }] },
  })

it("asks for all images of a pod at once, and not again for the same", async () => {
  const asked = await start(() => ({ status: { allowed: true } }))
  await makePod("a", "web")
  await makePod("b", "web")
  expect(asked).toEqual([
    {
      kind: "ImageReview",
      apiVersion: "imagepolicy.k8s.io/v1alpha1",
      metadata: {},
      spec: {
        containers: [{ image: "web" }, { image: "init" }],
        annotations: { "team.image-policy.k8s.io/ticket": "1234" },
        namespace,
      },
      status: { allowed: false },
    },
  ])
})

it("refuses what the webhook does", async () => {
  await start(({ spec: { containers } }) => {
    const isBad = containers.some(({ image }) => image === "bad")
    return { status: isBad ? { allowed: false, reason: "it is bad" } : { allowed: false } }
  })
  await expect(makePod("a", "bad")).rejects.toMatchObject({
    code: 403,
    message: 'pods "a" is forbidden: image policy webhook backend denied one or more images: it is bad',
  })
  await expect(makePod("b", "unknown")).rejects.toThrow(
    'pods "b" is forbidden: one or more images rejected by webhook backend',
  )
})

it("does as it was told when nobody answers", async () => {
  const silent = () => {
    throw new Error("connection refused")
  }
  await start(silent)
  await expect(makePod("a", "web")).rejects.toThrow('pods "a" is forbidden: connection refused')
  await server.stop()
  await start(silent, true)
  expect((await makePod("a", "web")).metadata.name).toBe("a")
})

it("cannot be switched on without being told whom to ask", async () => {
  await expect(startGuardedServer({ enable: ["ImagePolicyWebhook"] })).rejects.toThrow(
    `couldn't init admission plugin "ImagePolicyWebhook": no config specified`,
  )
})
