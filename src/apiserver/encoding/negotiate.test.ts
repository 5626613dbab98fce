import { describe, expect, test } from "vitest"
import type { ServerRequest } from "../http/request.ts"
import { negotiate, requireKnownType, requireStream } from "./negotiate.ts"

function choose(accept: string, options: { isStream?: boolean; query?: string; userAgent?: string } = {}) {
  const headers = { accept, "user-agent": options.userAgent ?? "" }
  const request = { headers, query: new URLSearchParams(options.query) } as unknown as ServerRequest
  const { isStream = false } = options
  requireKnownType(request, isStream)
  const chosen = negotiate({ request })
  if (isStream) requireStream(chosen)
  const { media, pretty, as } = chosen
  return [media, ...(pretty ? ["pretty"] : []), ...(as ? [`${as.kind}/${as.version}`] : [])].join(" ")
}

const table = "application/json;as=Table;v=v1;g=meta.k8s.io"

// https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
describe("the Accept header", () => {
  test.each([
    ["", "json"],
    ["*/*", "json"],
    ["application/yaml", "yaml"],
    ["application/vnd.kubernetes.protobuf,application/json", "protobuf"],
    ["application/json;q=0.5, application/yaml", "yaml"],
    ["text/html, application/json;q=0.9", "json"],
    ["application/json;pretty=1", "json pretty"],
    ["application/json;charset=UTF-8", "json"],
    [`${table},application/json`, "json Table/v1"],
    ["application/json;as=Table;v=v1beta1;g=meta.k8s.io", "json Table/v1beta1"],
    ["application/json;as=Table;v=v2;g=meta.k8s.io,application/json", "json"],
    [
      "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
      "protobuf PartialObjectMetadataList/v1",
    ],
    ["application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1,application/json", "json"],
    ["*/*, application/yaml", "yaml"],
    ["application/*, application/vnd.kubernetes.protobuf", "protobuf"],
    ["application/*, application/yaml;q=0.5", "json"],
    ["application/yaml;q=0, application/json", "json"],
    ["application/yaml;q=0", "yaml"],
    ["application/yaml;q=high, application/json;q=0.1", "json"],
    ["application/json;charset=latin-1;odd=true", "json"],
    ["application/json;v=v1, application/yaml", "yaml"],
    ["json, application/yaml", "yaml"],
    ["application/yaml;stream=watch, application/json;stream=watch", "json"],
  ])("%s gives %s", (accept, expected) => expect(choose(accept)).toBe(expected))

  test("what cannot be met is refused with the list of what can", () => {
    const all = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    const streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
    const refused = "406: Not Acceptable\n\nAvailable representations: "
    expect(() => choose("text/html")).toThrow(refused + all)
    // Upstream's router, which does not know them, takes ranges for types.
    expect(() => choose("application/*")).toThrow(refused + all)
    expect(() => choose("text/html", { isStream: true })).toThrow(`${refused}${all}, ${streams}`)
    expect(() => choose("application/json;as=Nope;g=meta.k8s.io;v=v1")).toThrow(
      `only the following media types are accepted: ${all}`,
    )
    expect(() => choose("application/yaml, application/json", { isStream: true })).toThrow(
      "only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
    )
  })

  test("people who look with curl or a browser get lines", () => {
    expect(choose("*/*", { userAgent: "curl/8.0" })).toBe("json pretty")
    expect(choose("*/*", { userAgent: "curl/8.0", query: "pretty=false" })).toBe("json")
    expect(choose("", { query: "pretty=1" })).toBe("json pretty")
    expect(choose("", { query: "pretty" })).toBe("json")
  })
})
