import { expect, test } from "vitest"
import type { StatusError } from "./status-error.ts"
import {
  alreadyExists,
  applyConflict,
  badRequest,
  conflict,
  expired,
  forbidden,
  generateNameConflict,
  genericFailure,
  internalError,
  methodNotSupported,
  notFound,
  serverTimeout,
  staleObject,
  timeout,
  tooManyRequests,
  unauthorized,
} from "./status-errors.ts"

const pods = { group: "", plural: "pods" }
const deployments = { group: "apps", plural: "deployments" }

test.each<[StatusError, number, string, unknown]>([
  [notFound(pods, "a"), 404, 'pods "a" not found', { name: "a", kind: "pods" }],
  [
    notFound(deployments, "a"),
    404,
    'deployments.apps "a" not found',
    { name: "a", group: "apps", kind: "deployments" },
  ],
  [alreadyExists(pods, "a"), 409, 'pods "a" already exists', { name: "a", kind: "pods" }],
  [
    generateNameConflict(pods, "a", 1),
    409,
    'pods "a" already exists, the server was not able to generate a unique name for the object',
    { name: "a", kind: "pods", retryAfterSeconds: 1 },
  ],
  [
    conflict(pods, "a", staleObject),
    409,
    'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
    { name: "a", kind: "pods" },
  ],
  [applyConflict("m", [{ field: ".a" }]), 409, "m", { causes: [{ field: ".a" }] }],
  [unauthorized(), 401, "not authorized", undefined],
  [forbidden(pods, "a", "no"), 403, 'pods "a" is forbidden: no', { name: "a", kind: "pods" }],
  [forbidden(pods, "", "no"), 403, "pods is forbidden: no", { kind: "pods" }],
  [forbidden(undefined, "", "no"), 403, "forbidden: no", {}],
  [badRequest("what?"), 400, "what?", undefined],
  [
    methodNotSupported(deployments, "delete"),
    405,
    'delete is not supported on resources of kind "deployments.apps"',
    { group: "apps", kind: "deployments" },
  ],
  [expired("too old resource version: 1 (2)"), 410, "too old resource version: 1 (2)", undefined],
  [tooManyRequests("later", 5), 429, "later", { retryAfterSeconds: 5 }],
  [
    serverTimeout(pods, "create", 2),
    500,
    "The create operation against pods could not be completed at this time, please try again.",
    { name: "create", kind: "pods", retryAfterSeconds: 2 },
  ],
  [timeout("slow"), 504, "Timeout: slow", {}],
  [internalError(new Error("boom")), 500, "Internal error occurred: boom", { causes: [{ message: "boom" }] }],
])("%s", (error, code, message, details) => {
  expect(error.toStatus()).toMatchObject({ status: "Failure", message, code, reason: error.reason })
  expect(error.details).toEqual(details)
})

test("an answer that is no Status is described by its code", () => {
  expect(genericFailure(404, "404 page not found").message).toBe(
    "the server could not find the requested resource",
  )
  expect(genericFailure(502, "oops").message).toBe(
    'an error on the server ("oops") has prevented the request from succeeding',
  )
  expect(genericFailure(418, "").reason).toBe("Unknown")
})
