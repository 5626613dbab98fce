import { describe, expect, it } from "vitest"
import { parseUpOptions } from "./up-options.ts"

const ingress = (...words: string[]) => parseUpOptions(words).ingress

describe("where Ingresses are served", () => {
  it("is where the API server listens, unless said otherwise", () => {
    expect(ingress()).toEqual({ host: "127.0.0.1", httpPort: 80, httpsPort: 443 })
    expect(ingress("--listen", "0.0.0.0:6443")).toMatchObject({ host: "0.0.0.0" })
    expect(ingress("--ingress", "192.0.2.7", "--ingress-ports", "8080,8443")).toEqual({
      host: "192.0.2.7",
      httpPort: 8080,
      httpsPort: 8443,
    })
    expect(ingress("--ingress", "off")).toBeUndefined()
  })

  it.each(["80", "80,80", "80,99999", "http,https"])("refuses the ports %s", (ports) => {
    expect(() => ingress("--ingress-ports", ports)).toThrow("expected two different ports")
  })
})
