import { expect, test } from "vitest"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { WebhookTokens } from "./webhook-tokens.ts"

const clock = new SimulatedClock()

function start(answer: (spec: { token: string; audiences?: string[] }) => object) {
  const asked: object[] = []
  const tokens = new WebhookTokens({
    version: "v1",
    cacheLifetimeMs: 120_000,
    ownAudiences: ["api"],
    clock,
    async post(review) {
      asked.push(review)
      return { status: answer((review as { spec: { token: string } }).spec) }
    },
  })
  return { tokens, asked }
}

test("a server elsewhere knows whose token it is", async () => {
  const { tokens, asked } = start(() => ({
    authenticated: true,
    user: { username: "jane", uid: "1", groups: ["dev"], extra: { team: ["blue"] } },
  }))
  expect(await tokens.authenticateToken("t", ["api"])).toEqual({
    user: { name: "jane", uid: "1", groups: ["dev"], extra: { team: ["blue"] } },
    audiences: ["api"],
  })
  expect(asked).toEqual([
    {
      kind: "TokenReview",
      apiVersion: "authentication.k8s.io/v1",
      metadata: {},
      spec: { token: "t", audiences: ["api"] },
    },
  ])
})

test("its answers are good for a while", async () => {
  const { tokens, asked } = start(({ token }) => ({
    authenticated: token === "good",
    user: { username: "a" },
  }))
  for (const token of ["good", "bad", "good", "bad"]) await tokens.authenticateToken(token, ["api"])
  expect(asked).toHaveLength(2)
  await clock.advance(121_000)
  await tokens.authenticateToken("good", ["api"])
  expect(asked).toHaveLength(3)
})

test("a token for somebody else is no token here", async () => {
  const user = { username: "jane" }
  const { tokens } = start(() => ({ authenticated: true, user, audiences: ["vault"] }))
  expect(await tokens.authenticateToken("t", ["api"])).toBeUndefined()
  const { tokens: refusing } = start(() => ({ authenticated: false, error: "revoked" }))
  await expect(refusing.authenticateToken("t", ["api"])).rejects.toThrow("revoked")
})
