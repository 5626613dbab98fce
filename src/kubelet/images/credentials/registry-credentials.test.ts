import { expect, it } from "vitest"
import { encodeBase64 } from "../../../base/base64.ts"
import type { Secret } from "../../../api/core/v1/secret.ts"
import { dockerConfig, registryCredentials } from "./registry-credentials.ts"

const base64 = (text: string) => encodeBase64(new TextEncoder().encode(text))
const secretOf = (auths: object) =>
  ({
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": base64(JSON.stringify({ auths })) },
  }) as unknown as Secret
const users = (image: string, auths: object) =>
  registryCredentials(image, [dockerConfig(secretOf(auths))]).map(({ username }) => username)

it.each([
  ["nginx", { "https://index.docker.io/v1/": { username: "hub" } }, ["hub"]],
  ["registry.example/app", { "registry.example": { username: "a" }, other: { username: "b" } }, ["a"]],
  [
    "registry.example/team/app",
    { "registry.example": { username: "all" }, "registry.example/team": { username: "team" } },
    ["team", "all"],
  ],
  ["eu.registry.example/app", { "*.registry.example": { username: "wild" } }, ["wild"]],
  ["registry.example:5000/app", { "registry.example": { username: "a" } }, []],
])("for %s", (image, auths, found) => expect(users(image, auths)).toEqual(found))

it("reads the joined form", () => {
  const auths = { "registry.example": { auth: base64("me:pass:word") } }
  expect(registryCredentials("registry.example/app", [dockerConfig(secretOf(auths))])).toEqual([
    { username: "me", password: "pass:word" },
  ])
})

it("passes over secrets that cannot be read", () => {
  const broken = { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": base64("{") } }
  expect(registryCredentials("nginx", [dockerConfig(broken as unknown as Secret)])).toEqual([])
})
