// An admission webhook as anybody would write one: plain Node.js, nothing of this project. It reads
// {"key", "cert", "host"} from standard input and prints its port.
import { createServer } from "node:https"
import { text } from "node:stream/consumers"

const { key, cert, host } = JSON.parse(await text(process.stdin))

const allow = { allowed: true }
const deny = (message) => ({ allowed: false, status: { message } })
const patch = (...operations) => ({
  allowed: true,
  patchType: "JSONPatch",
  patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
})

/** Adds the first stage to data that asks for it, the second to data that has the first. */
function nextStage({ data = {} }) {
  if (data["mutation-start"] !== "yes") return allow
  const stage = data["mutation-stage-1"] === "yes" ? "mutation-stage-2" : "mutation-stage-1"
  return patch({ op: "add", path: `/data/${stage}`, value: "yes" })
}

function judgePod({ metadata, spec }) {
  const reasons = []
  if (spec.containers.some(({ name }) => name.includes("webhook-disallow")))
    reasons.push("the pod contains unwanted container name")
  if (metadata.labels?.["webhook-e2e-test"] === "webhook-disallow")
    reasons.push("the pod contains unwanted label")
  return reasons.length > 0 ? deny(reasons.join("; ")) : allow
}

const isUnwanted = (object) => object?.data?.["webhook-e2e-test"] === "webhook-disallow"

const judges = {
  "/pods": ({ object }) =>
    object.metadata.labels?.["webhook-e2e-test"] === "wait-forever" ? undefined : judgePod(object),
  "/configmaps": ({ object }) =>
    isUnwanted(object) ? deny("the configmap contains unwanted key and value") : allow,
  "/custom-resource": ({ operation, object, oldObject }) =>
    isUnwanted(operation === "DELETE" ? oldObject : object)
      ? deny("the custom resource contains unwanted data")
      : allow,
  "/crd": ({ object }) =>
    object.metadata.labels?.["webhook-e2e-test"] === "webhook-disallow"
      ? deny("the crd contains unwanted label")
      : allow,
  "/pods/attach": () => deny("attaching to pod 'to-be-attached-pod' is not allowed"),
  "/always-deny": () => deny("this webhook denies all requests"),
  "/always-allow-delay-5s": () => new Promise((resolve) => setTimeout(resolve, 5000, allow)),
  "/add-label": () => patch({ op: "add", path: "/metadata/labels", value: { "added-label": "yes" } }),
  "/mutating-data": ({ object }) => nextStage(object),
  "/mutating-pods": () =>
    patch({
      op: "add",
      path: "/spec/initContainers",
      value: [{ name: "webhook-added-init-container", image: "webhook-added-image", resources: {} }],
    }),
}

/** A conversion webhook: v1 has `hostPort`, v2 has `host` and `port`. */
function convert({ objects, desiredAPIVersion }) {
  const convertedObjects = objects.map(({ hostPort, host, port, ...object }) => {
    const [first = "", second = ""] = (hostPort ?? "").split(":")
    const fields = desiredAPIVersion.endsWith("/v2")
      ? { host: first, port: second }
      : { hostPort: `${host}:${port}` }
    return { ...object, apiVersion: desiredAPIVersion, ...fields }
  })
  return { result: { status: "Success" }, convertedObjects }
}

const answers = { ...judges, "/convert": convert }

const server = createServer({ key, cert }, async (request, response) => {
  const review = JSON.parse(await text(request))
  const answer = await answers[new URL(request.url, "https://host").pathname]?.(review.request)
  if (!answer) return
  response.setHeader("content-type", "application/json")
  const { apiVersion, kind } = review
  response.end(JSON.stringify({ apiVersion, kind, response: { uid: review.request.uid, ...answer } }))
})
server.listen(0, host, () => process.stdout.write(`${server.address().port}\n`))
