// A small extension API server, as somebody else would write it: it serves flunders of wardle.example.com/v1alpha1 from
// memory, and believes what the front proxy says of the user. Run with the paths of its key, certificate and of the front
// proxy's authority; tells its port on the first line of its output.
import { readFileSync } from "node:fs"
import { createServer } from "node:https"

const [keyFile, certificateFile, frontProxyFile, host = "127.0.0.1"] = process.argv.slice(2)
const group = "wardle.example.com"
const version = "v1alpha1"
const apiVersion = `${group}/${version}`
const objects = new Map()

const verbs = ["create", "delete", "get", "list", "watch"]
const documents = {
  [`/apis/${group}/${version}`]: {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersion,
    resources: [
      {
        name: "flunders",
        singularName: "flunder",
        namespaced: true,
        kind: "Flunder",
        verbs,
        shortNames: ["fl"],
      },
    ],
  },
  "/openapi/v2": {
    swagger: "2.0",
    paths: { [`/apis/${group}/${version}/flunders`]: { get: { operationId: "listFlunder" } } },
    definitions: { "com.example.wardle.Flunder": { type: "object" } },
  },
  [`/openapi/v3/apis/${group}/${version}`]: {
    openapi: "3.0.0",
    paths: {},
    components: { schemas: { "com.example.wardle.Flunder": { type: "object" } } },
  },
}

const server = createServer(
  {
    key: readFileSync(keyFile),
    cert: readFileSync(certificateFile),
    ca: readFileSync(frontProxyFile),
    requestCert: true,
    rejectUnauthorized: false,
  },
  (request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end(JSON.stringify(body))
    }
    const { pathname } = new URL(request.url, "https://x")
    if (!request.client?.authorized && !request.socket.authorized)
      return answer(401, { message: "no front proxy" })
    if (pathname === "/apis/wardle.example.com/v1alpha1/whoami") {
      const { headers } = request
      return answer(200, {
        user: headers["x-remote-user"],
        groups: headers["x-remote-group"],
        team: headers["x-remote-extra-example.com%2fteam"],
        authorization: headers.authorization,
      })
    }
    if (documents[pathname]) return answer(200, documents[pathname])
    const match =
      /^\/apis\/wardle\.example\.com\/v1alpha1\/namespaces\/([^/]+)\/flunders(?:\/([^/]+))?$/.exec(pathname)
    if (!match)
      return answer(404, {
        kind: "Status",
        apiVersion: "v1",
        status: "Failure",
        code: 404,
        reason: "NotFound",
      })
    const [, namespace, name] = match
    if (request.method === "POST") {
      let text = ""
      request.on("data", (chunk) => (text += chunk))
      request.on("end", () => {
        const object = JSON.parse(text)
        object.metadata = { ...object.metadata, namespace, uid: "u", resourceVersion: "1" }
        objects.set(`${namespace}/${object.metadata.name}`, object)
        answer(201, object)
      })
      return
    }
    if (name)
      return objects.has(`${namespace}/${name}`)
        ? answer(200, objects.get(`${namespace}/${name}`))
        : answer(404, {})
    answer(200, {
      kind: "FlunderList",
      apiVersion,
      metadata: { resourceVersion: "1" },
      items: [...objects.values()],
    })
  },
)
server.listen(0, host, () => process.stdout.write(`${server.address().port}\n`))
