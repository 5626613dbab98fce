import { expect, it } from "vitest"
import { hasTagOrDigest, normalizeImageName } from "./image-name.ts"

it.each([
  ["nginx", "docker.io/library/nginx:latest"],
  ["nginx:1.25", "docker.io/library/nginx:1.25"],
  ["team/app", "docker.io/team/app:latest"],
  ["localhost/app", "localhost/app:latest"],
  ["localhost:5000/app", "localhost:5000/app:latest"],
  ["registry.example/team/app:v1", "registry.example/team/app:v1"],
  ["app@sha256:0123", "docker.io/library/app@sha256:0123"],
])("%s is %s", (name, full) => expect(normalizeImageName(name)).toBe(full))

it("does not take a port for a tag", () => {
  expect(hasTagOrDigest("localhost:5000/app")).toBe(false)
  expect(hasTagOrDigest("localhost:5000/app:1")).toBe(true)
})
