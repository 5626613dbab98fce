import { beforeEach, expect, test } from "vitest"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { generateKey, privateKeyPem } from "../../base/real/x509/keys.ts"
import { legacyTokens } from "./legacy-tokens.ts"
import { tokenKeys } from "./real/token-keys.ts"

const keys = tokenKeys(privateKeyPem(generateKey()))
const prefix = "kubernetes.io/serviceaccount"
const token = keys.sign({
  iss: "kubernetes/serviceaccount",
  sub: "system:serviceaccount:ns:robot",
  [`${prefix}/namespace`]: "ns",
  [`${prefix}/secret.name`]: "token",
  [`${prefix}/service-account.name`]: "robot",
  [`${prefix}/service-account.uid`]: "u1",
})
let objects: Record<string, object>
let labelled: string[]
beforeEach(() => {
  labelled = []
  objects = {
    "Secret ns/token": { metadata: { namespace: "ns", name: "token" }, data: { token: btoa(token) } },
    "ServiceAccount ns/robot": { metadata: { namespace: "ns", name: "robot", uid: "u1" } },
  }
})
const authenticator = legacyTokens({
  keys,
  findBound: (kind, namespace, name) => objects[`${kind} ${namespace}/${name}`] as KubeObject | undefined,
  ownAudiences: ["api"],
  setLabel: (...parts) => void labelled.push(parts.join(" ")),
  clock: new SimulatedClock(Date.UTC(2026, 4, 6, 7)),
})
const ask = () => authenticator.authenticateToken(token, ["api"])

test("a token that its Secret holds is good, and its use is noted once a day", async () => {
  expect(await ask()).toEqual({
    user: {
      name: "system:serviceaccount:ns:robot",
      uid: "u1",
      groups: ["system:serviceaccounts", "system:serviceaccounts:ns"],
      extra: {},
    },
    audiences: ["api"],
    annotations: { "authentication.k8s.io/legacy-token-manual-secret": "token" },
  })
  const label = "kubernetes.io/legacy-token-last-used"
  expect(labelled).toEqual([`ns token ${label} 2026-05-06`])
  objects["Secret ns/token"] = {
    metadata: { namespace: "ns", name: "token", labels: { [label]: "2026-05-06" } },
    data: { token: btoa(token) },
  }
  await ask()
  expect(labelled).toHaveLength(1)
})

test("one that a cluster of old has made warns", async () => {
  objects["ServiceAccount ns/robot"] = {
    metadata: { namespace: "ns", name: "robot", uid: "u1" },
    secrets: [{ name: "token" }],
  }
  expect((await ask())!.warnings).toHaveLength(1)
})

test.each<[string, () => void, RegExp]>([
  ["Secret is gone", () => delete objects["Secret ns/token"], /^Token has been invalidated$/],
  [
    "Secret holds another",
    () => (objects["Secret ns/token"] = { metadata: {}, data: { token: btoa("x") } }),
    /^Token does not match server's copy$/,
  ],
  ["account is gone", () => delete objects["ServiceAccount ns/robot"], /"robot" not found/],
  [
    "account is another by now",
    () => (objects["ServiceAccount ns/robot"] = { metadata: { uid: "u2" } }),
    /UID \(u2\) does not match claim \(u1\)/,
  ],
  [
    "Secret is marked",
    () =>
      (objects["Secret ns/token"] = {
        metadata: {
          namespace: "ns",
          name: "token",
          labels: { "kubernetes.io/legacy-token-invalid-since": "x" },
        },
        data: { token: btoa(token) },
      }),
    /has been marked invalid/,
  ],
])("one whose %s is refused", async (_what, change, message) => {
  change()
  await expect(ask()).rejects.toThrow(message)
})
