import { describe, expect, test } from "vitest"
import { parseRequestInfo } from "./request-info.ts"

function info(request: string) {
  const [method = "", url = ""] = request.split(" ")
  const [path = "", query = ""] = url.split("?")
  const { verb, group, version, namespace, resource, subresource, name, isResource, rest } = parseRequestInfo(
    method,
    path,
    new URLSearchParams(query),
  )
  if (!isResource) return `${verb} path`
  const what = [resource, name, subresource, ...rest].filter(Boolean).join("/")
  return `${verb} ${group}/${version} ${namespace}:${what}`
}

// https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb
describe("what a request is about", () => {
  test.each([
    ["GET /api/v1/namespaces", "list /v1 :namespaces"],
    ["GET /api/v1/namespaces/x", "get /v1 x:namespaces/x"],
    ["PUT /api/v1/namespaces/x/finalize", "update /v1 x:namespaces/x/finalize"],
    ["GET /api/v1/namespaces/x/pods", "list /v1 x:pods"],
    ["GET /api/v1/namespaces/x/pods?watch=1", "watch /v1 x:pods"],
    ["GET /api/v1/namespaces/x/pods?watch=false", "list /v1 x:pods"],
    ["GET /api/v1/watch/namespaces/x/pods", "watch /v1 x:pods"],
    ["GET /api/v1/watch/namespaces/x/pods/y", "watch /v1 x:pods/y"],
    ["GET /api/v1/pods?fieldSelector=metadata.name%3Dy", "list /v1 :pods/y"],
    ["POST /api/v1/namespaces/x/pods", "create /v1 x:pods"],
    ["PATCH /api/v1/namespaces/x/pods/y/status", "patch /v1 x:pods/y/status"],
    ["DELETE /api/v1/namespaces/x/pods", "deletecollection /v1 x:pods"],
    ["DELETE /apis/apps/v1/namespaces/x/deployments/y", "delete apps/v1 x:deployments/y"],
    ["HEAD /apis/apps/v1/namespaces/x/deployments/y", "get apps/v1 x:deployments/y"],
    ["GET /api/v1/namespaces/x/services/y/proxy/a/b", "get /v1 x:services/y/proxy/a/b"],
    ["GET /api/v1/nodes/a%2Fb", "get /v1 :nodes/a/b"],
    ["GET /healthz", "get path"],
    ["GET /apis/apps/v1", "get path"],
    ["POST /openapi/v2", "post path"],
  ])("%s is %s", (request, expected) => expect(info(request)).toBe(expected))
})
