import { describe, expect, test } from "vitest"
import { serviceUnavailable, tooManyRequests } from "../../../apimachinery/status-errors.ts"
import { silentLogger } from "../../../base/log.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import type { UserInfo } from "../../authentication/authenticator.ts"
import { decodeAuthorizationConfiguration } from "../configuration.ts"
import { parseQuestion } from "../testing.ts"
import { compileConditions } from "./match-conditions.ts"
import { WebhookAuthorizer, type WebhookAuthorizerOptions } from "./webhook-authorizer.ts"

const jane: UserInfo = { name: "jane", groups: ["dev"], extra: { team: ["blue"] } }
const clock = new SimulatedClock()

function start(answer: () => object, more: Partial<WebhookAuthorizerOptions> = {}) {
  const asked: object[] = []
  const authorizer = new WebhookAuthorizer({
    name: "hook",
    version: "v1",
    timeoutMs: 1000,
    allowedLifetimeMs: 60_000,
    otherLifetimeMs: 10_000,
    onError: "noOpinion",
    clock,
    log: silentLogger,
    async post(review) {
      asked.push(review)
      return { status: answer() }
    },
    ...more,
  })
  const ask = (question = "get pods/log ns/web") => authorizer.authorize(parseQuestion(jane, question))
  return { ask, asked }
}

test("is asked as in a SubjectAccessReview", async () => {
  const { ask, asked } = start(() => ({ allowed: true, reason: "because" }))
  expect(await ask()).toEqual({ decision: "allowed", reason: "because" })
  await ask("get /metrics")
  expect(asked).toMatchObject([
    {
      apiVersion: "authorization.k8s.io/v1",
      spec: {
        resourceAttributes: {
          namespace: "ns",
          verb: "get",
          resource: "pods",
          subresource: "log",
          name: "web",
        },
        user: "jane",
        groups: ["dev"],
        extra: { team: ["blue"] },
      },
    },
    { spec: { nonResourceAttributes: { path: "/metrics", verb: "get" } } },
  ])
  const older = start(() => ({ allowed: false }), { version: "v1beta1" })
  await older.ask()
  expect(older.asked[0]).toMatchObject({ spec: { group: ["dev"] } })
})

test.each<[object, string]>([
  [{ allowed: false }, "noOpinion"],
  [{ allowed: false, denied: true, reason: "no" }, "denied"],
  [{ allowed: true, denied: true }, "denied"],
])("%j means %s", async (status, decision) => {
  expect((await start(() => status).ask()).decision).toBe(decision)
})

test("remembers what it was told, what was allowed for longer", async () => {
  let allowed = true
  const { ask, asked } = start(() => ({ allowed }))
  await ask()
  await clock.advance(59_000)
  await ask()
  expect(asked).toHaveLength(1)
  allowed = false
  await clock.advance(2000)
  await ask()
  await clock.advance(11_000)
  await ask()
  expect(asked).toHaveLength(3)
})

test("that fails means what its policy says, after it was tried again where that may help", async () => {
  const fail = () => {
    throw serviceUnavailable("gone")
  }
  const gone = start(fail, { onError: "denied" })
  expect(await gone.ask()).toMatchObject({ decision: "denied", evaluationError: "gone" })
  expect((await start(fail).ask()).decision).toBe("noOpinion")
  let failures = 2
  const busy = start(() => {
    if (failures-- > 0) throw tooManyRequests("later", 1)
    return { allowed: true }
  })
  const answer = busy.ask()
  await clock.advance(10_000)
  expect((await answer).decision).toBe("allowed")
})

describe("conditions", () => {
  const compile = (...expressions: string[]) => compileConditions(expressions, "matchConditions")
  test("choose what it is asked", async () => {
    const { conditions, errors } = compile(
      "has(request.resourceAttributes) && request.resourceAttributes.namespace == 'ns'",
      "!('system:masters' in request.groups)",
    )
    expect(errors).toEqual([])
    const { ask, asked } = start(() => ({ allowed: true }), { conditions })
    expect((await ask("get pods ns/a")).decision).toBe("allowed")
    expect((await ask("get pods other/a")).decision).toBe("noOpinion")
    expect((await ask("get /healthz")).decision).toBe("noOpinion")
    expect(asked).toHaveLength(1)
  })

  test("that cannot be evaluated are failures, unless another one is false", async () => {
    const broken = compile("request.resourceAttributes.name == 'a'").conditions
    expect(
      await start(() => ({}), { conditions: broken, onError: "denied" }).ask("get /healthz"),
    ).toMatchObject({
      decision: "denied",
      evaluationError: expect.stringContaining("cel evaluation error"),
    })
    const spared = compile("request.resourceAttributes.name == 'a'", "request.user == 'bob'").conditions
    expect((await start(() => ({}), { conditions: spared, onError: "denied" }).ask("get /x")).decision).toBe(
      "noOpinion",
    )
  })

  test("must be conditions", () => {
    const { errors } = compile("request.user", "request.nobody == 'a'", "")
    expect(errors.map(({ field }) => field)).toEqual([0, 1, 2].map((i) => `matchConditions[${i}].expression`))
  })
})

describe("a chain in a file", () => {
  const decode = (text: string) =>
    decodeAuthorizationConfiguration(
      `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n${text}`,
      "authz.yaml",
    )
  const webhook = (fields: string) =>
    `authorizers: [{type: Webhook, name: a, webhook: {timeout: 3s, subjectAccessReviewVersion: v1, failurePolicy: Deny, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /k}, ${fields}}}]`
  test("has its defaults", () => {
    expect(decode(webhook("")).authorizers![0]!.webhook).toMatchObject({
      authorizedTTL: "5m0s",
      unauthorizedTTL: "30s",
      cacheAuthorizedRequests: true,
    })
  })
  test.each([
    ["authorizers: []", /at least one authorization mode must be defined/],
    ["authorizers: [{type: ABAC, name: a}]", /Unsupported value: "ABAC"/],
    ["authorizers: [{type: RBAC, name: a}, {type: RBAC, name: b}]", /Duplicate value: "RBAC"/],
    ["authorizers: [{type: RBAC, name: a}, {type: Node, name: a}]", /name: Duplicate value: "a"/],
    ["authorizers: [{type: RBAC}]", /name: Required value/],
    ["authorizers: [{type: Webhook, name: a}]", /required when type=Webhook/],
    [webhook("unauthorizedTTL: 0s"), /must be > 0s/],
    [webhook("matchConditions: [{expression: 'true'}]"), /required if match conditions are specified/],
    [
      webhook("matchConditionSubjectAccessReviewVersion: v1, matchConditions: [{expression: 'request.'}]"),
      /compilation failed/,
    ],
  ])("%s is refused", (text, message) => {
    expect(() => decode(text)).toThrow(message)
  })
})
