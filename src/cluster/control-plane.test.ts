import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Service } from "../api/core/v1/service.ts"
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts"
import { ignoreNotFound } from "../apimachinery/status-error.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { type ControlPlane, startControlPlane } from "./control-plane.ts"
import { dataDirectory } from "./data-directory.ts"
import { selfUser } from "./identities.ts"

const directory = mkdtempSync(join(tmpdir(), "coracle-control-plane-"))
let plane: ControlPlane

beforeAll(async () => {
  plane = await startControlPlane({
    directory: dataDirectory(directory),
    listen: { host: "127.0.0.1", port: 0 },
    loops: false,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  })
})
afterAll(async () => {
  await plane.stop()
  rmSync(directory, { recursive: true })
})

describe("the control plane", () => {
  it("has the Service kubernetes before any node is there, and no endpoints that pods could not reach", async () => {
    const client = plane.clientFor(selfUser)
    const key = { namespace: "default", name: "kubernetes" }
    const { spec } = await client.get(Service, key)
    expect(spec).toMatchObject({
      clusterIP: "10.96.0.1",
      ports: [{ name: "https", port: 443, targetPort: plane.port }],
    })
    expect(await client.get(EndpointSlice, key).catch(ignoreNotFound)).toBeUndefined()
  })

  it("tells pods of keys that they can fetch, although it listens on loopback", async () => {
    const path = "/.well-known/openid-configuration"
    const { body } = await plane.server.transportFor(selfUser).request({ method: "GET", path })
    const issuer = "https://kubernetes.default.svc.cluster.local"
    expect(JSON.parse(body as string)).toMatchObject({ issuer, jwks_uri: `${issuer}/openid/v1/jwks` })
  })
})
