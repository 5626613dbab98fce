import { describe, expect, it } from "vitest"
import { imageTag, parseImageReference } from "./image-reference.ts"

const sha = `sha256:${"0a".repeat(32)}`

describe("parseImageReference", () => {
  it.each([
    ["nginx", { domain: "docker.io", path: "library/nginx" }],
    ["team/web:v2", { domain: "docker.io", path: "team/web", tag: "v2" }],
    ["index.docker.io/nginx", { domain: "docker.io", path: "library/nginx" }],
    ["localhost/web", { domain: "localhost", path: "web" }],
    ["localhost:5000/a/b:c", { domain: "localhost:5000", path: "a/b", tag: "c" }],
    ["[::1]:5000/web", { domain: "[::1]:5000", path: "web" }],
    [`registry.example/web:v1@${sha}`, { domain: "registry.example", path: "web", tag: "v1", digest: sha }],
    ["host:5000", { domain: "docker.io", path: "library/host", tag: "5000" }],
  ])("reads %s", (image, expected) => {
    expect(parseImageReference(image)).toEqual(expected)
  })

  it.each(["", "Nginx", "a//b", "web:", "web@sha256:12", ":v1", " web", "0a".repeat(32), "x".repeat(250)])(
    "refuses %j",
    (image) => {
      expect(parseImageReference(image)).toBeUndefined()
    },
  )
})

it.each([
  ["web", "latest"],
  ["web:latest", "latest"],
  ["web:v1", "v1"],
  [`web@${sha}`, ""],
  [`web:v1@${sha}`, "v1"],
  ["Web", ""],
])("imageTag(%s) is %j", (image, tag) => {
  expect(imageTag(image)).toBe(tag)
})
