import { describe, expect, it } from "vitest"
import { type ComponentFacts, componentPage } from "./component-pages.ts"

const facts: ComponentFacts = {
  component: "kubelet",
  startedAtMs: Date.UTC(2026, 0, 5, 7, 8, 9),
  platform: "node v20.19.4",
  paths: ["/metrics/cadvisor", "/metrics", "/configz", "/api/v1", "/"],
  flags: { v: "2", config: "/etc/kubelet.yaml" },
}
const now = facts.startedAtMs + 3_723_900
const get = (path: string, accept?: string) => componentPage(path, accept, facts, now)
const warning =
  "Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only."

describe("what a component tells of itself", () => {
  it.each([undefined, "", "*/*", "text/plain", "text/html, */*;q=0.1"])("is text for %j", (accept) => {
    expect(get("/statusz", accept)).toEqual({
      code: 200,
      contentType: "text/plain; charset=utf-8",
      text: `
kubelet statusz
${warning}

Started: Mon Jan  5 07:08:09 UTC 2026
Up: 1 hr 02 min 03 sec
Go version: node v20.19.4
Binary version: 1.36.0
Emulation version: 1.36
Paths: /configz /metrics
`,
    })
    expect(get("/flagz", accept)?.text).toBe(`\nkubelet flagz\n${warning}\nconfig=/etc/kubelet.yaml\nv=2\n`)
  })

  it("is an object for those who say which", () => {
    const page = get("/statusz", "application/json;v=v1beta1;g=config.k8s.io;as=Statusz")
    expect(page).toMatchObject({ code: 200, contentType: "application/json" })
    expect(page).not.toHaveProperty("warning")
    expect(JSON.parse(page!.text)).toEqual({
      kind: "Statusz",
      apiVersion: "config.k8s.io/v1beta1",
      metadata: { name: "kubelet" },
      startTime: "2026-01-05T07:08:09Z",
      uptimeSeconds: 3723,
      goVersion: "node v20.19.4",
      binaryVersion: "1.36.0",
      emulationVersion: "1.36",
      paths: ["/configz", "/metrics"],
    })
    const old = get("/flagz", "application/yaml;g=config.k8s.io;v=v1alpha1;as=Flagz, text/plain;q=0.5")
    expect(old).toMatchObject({
      contentType: "application/yaml",
      warning: '299 - "This version of the flagz endpoint is deprecated. Please use a newer version."',
    })
    expect(old?.text).toContain("apiVersion: config.k8s.io/v1alpha1\n")
    expect(old?.text).toContain("config: /etc/kubelet.yaml\n")
  })

  it.each([
    "application/json",
    "application/vnd.kubernetes.protobuf;v=v1beta1;g=config.k8s.io;as=Statusz",
    "application/json;v=v1;g=config.k8s.io;as=Statusz",
    "application/json;v=v1beta1;g=config.k8s.io;as=Flagz",
  ])("is refused as %s", (accept) => {
    const page = get("/statusz", accept)
    expect(page?.code).toBe(406)
    expect(JSON.parse(page!.text)).toMatchObject({
      kind: "Status",
      reason: "NotAcceptable",
      message: "only the following media types are accepted: application/json, application/yaml, text/plain",
    })
  })

  it("is at no other path", () => {
    expect(get("/configz")).toBeUndefined()
  })
})
