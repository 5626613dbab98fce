import { afterEach, describe, expect, test } from "vitest"
import { MutatingWebhookConfiguration } from "../../../api/admissionregistration/v1/mutating-webhook-configuration.ts"
import { ValidatingWebhookConfiguration } from "../../../api/admissionregistration/v1/validating-webhook-configuration.ts"
import { ConfigMap } from "../../../api/core/v1/config-map.ts"
import { Namespace } from "../../../api/core/v1/namespace.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../../api/core/v1/service-account.ts"
import { Secret } from "../../../api/core/v1/secret.ts"
import { HorizontalPodAutoscaler } from "../../../api/autoscaling/v1/horizontal-pod-autoscaler.ts"
import { StatusError } from "../../../apimachinery/status-error.ts"
import { AuditTrail } from "../../audit/audit-trail.ts"
import type { AuditEvent } from "../../audit/event.ts"
import { decodePolicy } from "../../audit/policy.ts"
import type { WebhookRequest } from "../../webhooks/webhook-caller.ts"
import { putUnchecked } from "../../testing.ts"
import { type GuardedServer, startGuardedServer } from "../testing.ts"

/** What a webhook is asked, and what these tests make it answer. */
interface AdmissionRequest {
  readonly uid: string
  readonly operation: string
  readonly name?: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  readonly requestKind: { readonly version: string }
  readonly subResource?: string
  readonly object: ConfigMap | null
  readonly oldObject: ConfigMap | null
  readonly options: object | null
  readonly dryRun: boolean
  readonly userInfo: { readonly username: string }
}
type Answer = object | ((request: AdmissionRequest) => object)

let server: GuardedServer
let asked: { path: string; request: AdmissionRequest }[]
let answers: Record<string, Answer>
let events: AuditEvent[]
afterEach(() => server.stop())

async function start(): Promise<void> {
  asked = []
  answers = {}
  events = []
  const policy = decodePolicy(
    "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Request}]",
    "policy",
  )
  const sink = { write: (event: AuditEvent) => void events.push(event), close: async () => {} }
  server = await startGuardedServer({
    createAudit: (clock) => new AuditTrail({ policy, sinks: [sink], clock }),
    webhookTransport: async ({ url, body }: WebhookRequest) => {
      const path = url.pathname
      const review = JSON.parse(new TextDecoder().decode(body)) as {
        apiVersion: string
        request: AdmissionRequest
      }
      asked.push({ path, request: review.request })
      const answer = answers[path]
      if (!answer) throw new Error("connection refused")
      const response = typeof answer === "function" ? answer(review.request) : answer
      const { apiVersion } = review
      const whole = {
        kind: "AdmissionReview",
        apiVersion,
        response: { uid: review.request.uid, ...response },
      }
      return { status: 200, body: new TextEncoder().encode(JSON.stringify(whole)) }
    },
  })
  await server.client.create(ServiceAccount, { metadata: { namespace: "default", name: "default" } })
  asked.length = 0
}

const rule = (operations: string[], apiGroups: string[], apiVersions: string[], resources: string[]) =>
  ({ operations, apiGroups, apiVersions, resources }) as never

const hook = (path: string, more: object = {}) => ({
  name: `${path.slice(1)}.example.com`,
  clientConfig: { url: `https://hooks.example.com${path}` },
  rules: [rule(["*"], [""], ["v1"], ["configmaps"])],
  sideEffects: "None" as const,
  admissionReviewVersions: ["v1"],
  ...more,
})

const validate = (...webhooks: ReturnType<typeof hook>[]) =>
  server.client.create(ValidatingWebhookConfiguration, { metadata: { name: "validate" }, webhooks })
const mutate = (name: string, ...webhooks: ReturnType<typeof hook>[]) =>
  server.client.create(MutatingWebhookConfiguration, { metadata: { name }, webhooks })
const make = (name: string, more: Partial<ConfigMap> = {}, options = {}) =>
  server.client.create(ConfigMap, { metadata: { namespace: "default", name }, ...more }, options)
const failure = (work: Promise<unknown>): Promise<StatusError> =>
  work.then(
    () => expect.fail("was let through"),
    (error: StatusError) => error,
  )
const patching = (...operations: object[]) => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
})
const addData = (key: string) => (request: AdmissionRequest) =>
  patching(
    request.object?.data
      ? { op: "add", path: `/data/${key}`, value: "yes" }
      : { op: "add", path: "/data", value: { [key]: "yes" } },
  )

describe("a validating webhook", () => {
  test("refuses in its own words", async () => {
    await start()
    await validate(hook("/no"))
    const refusals: [object, number, string, string][] = [
      [{}, 400, "Unknown", 'admission webhook "no.example.com" denied the request without explanation'],
      [
        { message: "bad day", code: 403, reason: "Forbidden" },
        403,
        "Forbidden",
        'admission webhook "no.example.com" denied the request: bad day',
      ],
      [
        { reason: "Because", code: 200 },
        400,
        "Because",
        'admission webhook "no.example.com" denied the request: Because',
      ],
    ]
    for (const [status, code, reason, message] of refusals) {
      answers["/no"] = { allowed: false, status }
      expect(await failure(make("a"))).toMatchObject({ code, reason, message })
    }
  })

  test("is told everything about the request", async () => {
    await start()
    answers["/yes"] = { allowed: true, warnings: ["careful"], auditAnnotations: { seen: "yes" } }
    await validate(hook("/yes"))
    const made = await make("a", { data: { k: "v" } })
    await server.client.update(ConfigMap, { ...made, data: { k: "w" } })
    await server.client.delete(ConfigMap, { namespace: "default", name: "a" })
    const [created, updated, deleted] = asked.map(({ request }) => request)
    expect(created).toMatchObject({
      kind: { group: "", version: "v1", kind: "ConfigMap" },
      resource: { group: "", version: "v1", resource: "configmaps" },
      requestKind: { group: "", version: "v1", kind: "ConfigMap" },
      name: "a",
      namespace: "default",
      operation: "CREATE",
      userInfo: { username: "admin", groups: ["system:masters", "system:authenticated"] },
      object: { kind: "ConfigMap", apiVersion: "v1", metadata: { name: "a" }, data: { k: "v" } },
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
    })
    expect(updated).toMatchObject({
      operation: "UPDATE",
      object: { data: { k: "w" } },
      oldObject: { data: { k: "v" } },
      options: { kind: "UpdateOptions" },
    })
    expect(deleted).toMatchObject({
      operation: "DELETE",
      object: null,
      oldObject: { data: { k: "w" } },
      options: { kind: "DeleteOptions" },
    })
    const complete = events.findLast(({ stage, verb }) => stage === "ResponseComplete" && verb === "update")
    expect(complete?.annotations).toMatchObject({ "yes.example.com/seen": "yes" })
  })

  test("that cannot be reached stops the request, unless failures are to be ignored", async () => {
    await start()
    await validate(hook("/gone"))
    expect(await failure(make("a"))).toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "gone.example.com": failed to call webhook: Post "https://hooks.example.com/gone?timeout=10s": connection refused',
    })
    await server.client.delete(ValidatingWebhookConfiguration, { name: "validate" })
    await validate(hook("/gone", { failurePolicy: "Ignore" }))
    await make("a")
    const metrics = server.server.parts.metrics.text()
    for (const [kind, error] of [
      ["rejection", 'operation="CREATE",error_type="calling_webhook_error",rejection_code="503"'],
      ["fail_open", ""],
    ]) {
      const labels = ['name="gone.example.com",type="validating"', error].filter(Boolean).join()
      expect(metrics).toContain(`apiserver_admission_webhook_${kind}_count{${labels}} 1`)
    }
    expect(metrics).toMatch(/^apiserver_audit_event_total [1-9]/m)
    expect(events.at(-1)?.annotations).toMatchObject({
      "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "gone.example.com",
    })
  })

  test.each<[string, object]>([
    ['expected response.uid="UID", got "x"', { uid: "x", allowed: true }],
    ["validating webhook may not return response.patch", patching()],
  ])("must answer properly: %s", async (message, answer) => {
    await start()
    answers["/odd"] = answer
    await validate(hook("/odd"))
    const { message: got } = await failure(make("a"))
    expect(got.replace(asked[0]!.request.uid, "UID")).toBe(
      `Internal error occurred: failed calling webhook "odd.example.com": received invalid webhook response: ${message}`,
    )
  })

  test("of the older version is asked and understood in it", async () => {
    await start()
    answers["/old"] = { uid: "", allowed: false }
    await validate(hook("/old", { admissionReviewVersions: ["v2", "v1beta1"] }))
    expect((await failure(make("a"))).message).toMatch(/denied the request/)
  })

  test("with side effects is not asked about dry runs, which fail", async () => {
    await start()
    answers["/effects"] = { allowed: true }
    // Older servers let such webhooks in.
    const webhooks = [hook("/effects", { sideEffects: "Some" })]
    await putUnchecked(server, ValidatingWebhookConfiguration, { metadata: { name: "validate" }, webhooks })
    await server.client.get(ValidatingWebhookConfiguration, { name: "validate" })
    const error = await failure(make("a", {}, { dryRun: true }))
    expect(error.message).toBe('admission webhook "effects.example.com" does not support dry run')
    expect(asked).toEqual([])
  })

  test("never sees webhook configurations", async () => {
    await start()
    await validate(hook("/gone", { rules: [rule(["*"], ["*"], ["*"], ["*/*"])] }))
    await server.client.delete(ValidatingWebhookConfiguration, { name: "validate" })
    expect(asked).toEqual([])
  })

  test("is chosen by labels of objects and of namespaces", async () => {
    await start()
    answers["/chosen"] = { allowed: true }
    const namespaceSelector = { matchExpressions: [{ key: "skip", operator: "DoesNotExist" }] }
    await validate(
      hook("/chosen", { namespaceSelector, objectSelector: { matchLabels: { watched: "yes" } } }),
    )
    await server.client.create(Namespace, { metadata: { name: "skipped", labels: { skip: "" } } })
    await make("plain")
    const labels = { watched: "yes" }
    await make("watched", { metadata: { namespace: "default", name: "watched", labels } as never })
    await server.client.create(ConfigMap, { metadata: { namespace: "skipped", name: "watched", labels } })
    expect(asked.map(({ request }) => request.name)).toEqual(["watched"])
  })

  test("sees other versions of the same objects in its own", async () => {
    await start()
    answers["/scaler"] = { allowed: true }
    const rules = [rule(["CREATE"], ["autoscaling"], ["v2"], ["horizontalpodautoscalers"])]
    await validate(hook("/scaler", { rules, matchPolicy: "Equivalent" }))
    const scaler = (name: string) => ({
      metadata: { namespace: "default", name },
      spec: {
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 50,
        scaleTargetRef: { kind: "Deployment", name: "web", apiVersion: "apps/v1" },
      },
    })
    await server.client.create(HorizontalPodAutoscaler, scaler("a"))
    expect(asked[0]!.request).toMatchObject({
      kind: { version: "v2" },
      requestKind: { version: "v1" },
      object: { apiVersion: "autoscaling/v2", spec: { metrics: [{ type: "Resource" }] } },
    })
    await server.client.delete(ValidatingWebhookConfiguration, { name: "validate" })
    await validate(hook("/scaler", { rules, matchPolicy: "Exact" }))
    await server.client.create(HorizontalPodAutoscaler, scaler("b"))
    expect(asked).toHaveLength(1)
  })

  test("sees connections to pods", async () => {
    await start()
    answers["/attach"] = { allowed: false }
    await validate(hook("/attach", { rules: [rule(["CONNECT"], [""], ["v1"], ["pods/attach"])] }))
    await server.client.create(Pod, {
      metadata: { namespace: "default", name: "p" },
      spec: { containers: [{ name: "c", image: "i" }] },
    })
    const attach = {
      method: "POST" as const,
      path: "/api/v1/namespaces/default/pods/p/attach",
      query: { stdin: "1" },
    }
    expect((await failure(server.transport.request(attach))).message).toMatch(/attach.example.com" denied/)
    expect(asked[0]!.request).toMatchObject({
      operation: "CONNECT",
      subResource: "attach",
      kind: { kind: "PodAttachOptions" },
      object: { kind: "PodAttachOptions", stdin: true },
      options: null,
    })
  })
})

describe("mutating webhooks", () => {
  test("are called in the order of their configurations' names, each with what the others made", async () => {
    await start()
    answers["/one"] = addData("one")
    answers["/two"] = addData("two")
    await mutate("b", hook("/two"))
    await mutate("a", hook("/one"))
    const made = await make("a")
    expect(made.data).toEqual({ one: "yes", two: "yes" })
    expect(asked.map(({ request }) => Object.keys(request.object!.data ?? {}))).toEqual([[], ["one"]])
    expect(events.at(-1)?.annotations).toMatchObject({
      "mutation.webhook.admission.k8s.io/round_0_index_0":
        '{"configuration":"a","webhook":"one.example.com","mutated":true}',
      "patch.webhook.admission.k8s.io/round_0_index_1":
        '{"configuration":"b","webhook":"two.example.com","patch":[{"op":"add","path":"/data/two","value":"yes"}],"patchType":"JSONPatch"}',
    })
  })

  test("are called again when they ask for it and another has changed the object since", async () => {
    await start()
    answers["/first"] = { allowed: true }
    answers["/never"] = { allowed: true }
    answers["/changes"] = addData("late")
    await mutate("a", hook("/first", { reinvocationPolicy: "IfNeeded" }), hook("/never"))
    await mutate("b", hook("/changes"))
    await make("a")
    expect(asked.map(({ path }) => path)).toEqual(["/first", "/never", "/changes", "/first"])
  })

  test("what they put in gets its defaults and loses what is not known", async () => {
    await start()
    const container = { name: "added", image: "i", unheardOf: 1 }
    answers["/pods"] = patching({ op: "add", path: "/spec/initContainers", value: [container] })
    await mutate("a", hook("/pods", { rules: [rule(["CREATE"], [""], ["v1"], ["pods"])] }))
    const pod = await server.client.create(Pod, {
      metadata: { namespace: "default", name: "p" },
      spec: { containers: [{ name: "c", image: "i" }] },
    })
    const [added] = pod.spec.initContainers!
    expect(added).toMatchObject({ name: "added", terminationMessagePath: "/dev/termination-log" })
    expect(added).not.toHaveProperty("unheardOf")
  })

  test("must not change what is being deleted, nor send patches that do not apply", async () => {
    await start()
    await make("a")
    answers["/odd"] = patching({ op: "replace", path: "/data/missing/deeper", value: 1 })
    await mutate("a", hook("/odd"))
    expect(await failure(server.client.delete(ConfigMap, { namespace: "default", name: "a" }))).toMatchObject(
      {
        message:
          'Internal error occurred: admission webhook "odd.example.com" attempted to modify the object, which is not supported for this operation',
      },
    )
    expect((await failure(make("b"))).code).toBe(500)
    answers["/odd"] = { ...patching({}), patchType: undefined }
    expect((await failure(make("b"))).message).toMatch(
      /received invalid webhook response: webhook returned response.patch but not response.patchType$/,
    )
  })

  test("that see one version change the object of another", async () => {
    await start()
    answers["/scaler"] = patching({
      op: "replace",
      path: "/spec/metrics/0/resource/target/averageUtilization",
      value: 70,
    })
    const rules = [rule(["CREATE"], ["autoscaling"], ["v2"], ["horizontalpodautoscalers"])]
    await mutate("a", hook("/scaler", { rules, matchPolicy: "Equivalent" }))
    const made = await server.client.create(HorizontalPodAutoscaler, {
      metadata: { namespace: "default", name: "a" },
      spec: {
        maxReplicas: 3,
        targetCPUUtilizationPercentage: 50,
        scaleTargetRef: { kind: "Deployment", name: "web", apiVersion: "apps/v1" },
      },
    })
    expect(made.spec.targetCPUUtilizationPercentage).toBe(70)
  })

  test("do not get in the way of what they do not name", async () => {
    await start()
    await mutate("a", hook("/gone"))
    await server.client.create(Secret, { metadata: { namespace: "default", name: "a" } })
    expect(asked).toEqual([])
  })
})
