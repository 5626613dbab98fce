import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { readProviders } from "./read-providers.ts"
import { runCredentialProvider } from "./run-credential-provider.ts"

let directory: string
let programs: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-providers-"))
  programs = join(directory, "bin")
  mkdirSync(programs)
})
afterEach(() => rmSync(directory, { recursive: true }))

function program(name: string, script: string): void {
  writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(programs, name), 0o755)
}

function configuration(name: string, ...providers: object[]): string {
  const path = join(directory, name)
  const content = { apiVersion: "kubelet.config.k8s.io/v1", kind: "CredentialProviderConfig", providers }
  writeFileSync(path, JSON.stringify(content))
  return path
}

const cloud = {
  name: "cloud",
  matchImages: ["*.registry.example"],
  defaultCacheDuration: "12h",
  apiVersion: "credentialprovider.kubelet.k8s.io/v1",
}

it("are read from a file, or from all files of a directory", () => {
  program("cloud", "")
  program("other", "")
  const one = configuration("one.yaml", cloud)
  configuration("two.json", { ...cloud, name: "other" })
  expect(readProviders({ configuration: one, programs })).toEqual([
    { ...cloud, defaultCacheDuration: "12h0m0s" },
  ])
  expect(readProviders({ configuration: directory, programs }).map(({ name }) => name)).toEqual([
    "cloud",
    "other",
  ])
})

it.each<[string, object, string]>([
  ["without a program", { name: "absent" }, "absent did not exist or cannot be executed"],
  ["that leaves the directory", { name: "../cloud" }, "provider name cannot contain '/'"],
  ["of an unknown version", { apiVersion: "credentialprovider.kubelet.k8s.io/v9" }, "Unsupported value"],
  ["for no image", { matchImages: [] }, "at least 1 item in matchImages is required"],
  ["with a word too much", { colour: "red" }, "colour"],
  ["that keeps for less than no time", { defaultCacheDuration: "-1s" }, "must be greater than or equal to 0"],
  [
    "that does not say whom a token is for",
    { tokenAttributes: { cacheType: "Token", requireServiceAccount: true } },
    "serviceAccountTokenAudience: Required value",
  ],
  [
    "that does not say how it keeps",
    { tokenAttributes: { serviceAccountTokenAudience: "a", requireServiceAccount: true } },
    "cacheType is required to be set",
  ],
])("are refused %s", (_, wrong, message) => {
  program("cloud", "")
  const path = configuration("wrong.yaml", { ...cloud, ...wrong })
  expect(() => readProviders({ configuration: path, programs })).toThrow(message)
})

it("run with their arguments and environment, and are told on their input", async () => {
  program("cloud", 'echo "$1 $REGION $(cat)"')
  const settings = { ...cloud, args: ["get"], env: [{ name: "REGION", value: "north" }] }
  expect(await runCredentialProvider(programs, settings, "a request")).toBe("get north a request\n")
})

it("say why they fail", async () => {
  program("cloud", "echo no login >&2; exit 3")
  await expect(runCredentialProvider(programs, cloud, "")).rejects.toThrow(
    "error execing credential provider plugin cloud: exit status 3: no login",
  )
})
