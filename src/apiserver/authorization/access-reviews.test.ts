import { describe, expect, it } from "vitest"
import type { SelfSubjectAccessReview } from "../../api/authorization/v1/self-subject-access-review.ts"
import type { LocalSubjectAccessReview } from "../../api/authorization/v1/local-subject-access-review.ts"
import type { SubjectAccessReview } from "../../api/authorization/v1/subject-access-review.ts"
import {
  reviewLocalSubjectAccess,
  reviewSelfAccess,
  reviewSelfRules,
  reviewSubjectAccess,
} from "./access-reviews.ts"
import type { Attributes, Authorizer } from "./authorizer.ts"

let asked: Attributes
const authorizer: Authorizer = {
  authorize(attributes) {
    asked = attributes
    return { decision: attributes.verb === "get" ? "allowed" : "noOpinion", reason: "because" }
  },
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError: "none" }),
}
const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "fine",
    (error: Error) => error.message,
  )
const review = <T>(spec: object, metadata: object = {}) => ({ metadata, spec }) as T

describe("access reviews", () => {
  it("ask for somebody else", async () => {
    const resourceAttributes = {
      verb: "get",
      group: "apps",
      resource: "deployments",
      namespace: "a",
      fieldSelector: { rawSelector: "metadata.name=x" },
      labelSelector: {
        requirements: [
          { key: "a", operator: "In", values: ["b"] },
          { key: "c", operator: "Near", values: [] },
        ],
      },
    }
    const spec = { user: "jane", groups: ["g"], uid: "u", extra: { k: ["v"] }, resourceAttributes }
    expect(await reviewSubjectAccess(review<SubjectAccessReview>(spec), authorizer)).toEqual({
      allowed: true,
      reason: "because",
      evaluationError: '"Near" is not a valid label selector operator',
    })
    expect(asked).toMatchObject({
      user: { name: "jane", uid: "u", groups: ["g"], extra: { k: ["v"] } },
      apiGroup: "apps",
      fieldSelector: [{ key: "metadata.name", operator: "In", values: ["x"] }],
      labelSelector: [{ key: "a", operator: "In", values: ["b"] }],
    })
  })

  it("ask for oneself, also about paths", async () => {
    const user = { name: "joe", groups: [], extra: {} }
    const question = review<SelfSubjectAccessReview>({ nonResourceAttributes: { path: "/x", verb: "post" } })
    expect(await reviewSelfAccess(question, user, authorizer)).toEqual({ allowed: false, reason: "because" })
    expect(asked).toEqual({ user, verb: "post", path: "/x" })
    expect(
      await reviewSelfRules({ metadata: {}, spec: { namespace: "a" } } as never, user, authorizer),
    ).toMatchObject({ incomplete: true, evaluationError: "none" })
    expect(await messageOf(reviewSelfRules({ spec: {} } as never, user, authorizer))).toBe(
      "no namespace on request",
    )
  })

  it.each<[object, object, string]>([
    [
      { user: "a" },
      {},
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    ],
    [
      { resourceAttributes: {} },
      {},
      '.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    ],
    [
      { user: "a", resourceAttributes: { fieldSelector: {} } },
      {},
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes.fieldSelector.requirements: Required value: when spec.resourceAttributes.fieldSelector is specified, requirements or rawSelector is required',
    ],
    [
      {
        user: "a",
        resourceAttributes: {
          labelSelector: { rawSelector: "a", requirements: [{ key: "a", operator: "In" }] },
        },
      },
      {},
      `.authorization.k8s.io "" is invalid: [spec.resourceAttributes.labelSelector.rawSelector: Invalid value: "a": may not specified at the same time as requirements, spec.resourceAttributes.labelSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn']`,
    ],
    [
      { user: "a", resourceAttributes: {} },
      { name: "x" },
      '.authorization.k8s.io "" is invalid: metadata: Invalid value: {"name":"x"}: must be empty',
    ],
  ])("refuse %j", async (spec, metadata, message) => {
    expect(
      await messageOf(reviewSubjectAccess(review<SubjectAccessReview>(spec, metadata), authorizer)),
    ).toBe(message)
  })

  it("stay within their namespace", async () => {
    const spec = { user: "a", resourceAttributes: { verb: "get", namespace: "b" } }
    const ask = (metadata: object) =>
      messageOf(reviewLocalSubjectAccess(review<LocalSubjectAccessReview>(spec, metadata), "b", authorizer))
    expect(await ask({ namespace: "b" })).toBe("fine")
    expect(await ask({ namespace: "c" })).toMatch(/must match metadata.namespace/)
  })
})
