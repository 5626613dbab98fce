import { expect, test } from "vitest"
import { formatFieldError } from "../../../apimachinery/field-error.ts"
import type { StorageVersionStatus } from "../v1alpha1/storage-version.ts"
import { storageVersionName, validateStorageVersionStatus } from "./storage-version.ts"

const messagesOf = (status: object) =>
  [...validateStorageVersionStatus({ status: status as StorageVersionStatus } as never)].map(formatFieldError)

const server = (apiServerID: string, encodingVersion = "v1", decodableVersions = [encodingVersion]) => ({
  apiServerID,
  encodingVersion,
  decodableVersions,
})

test("servers that agree, and servers that do not", () => {
  expect(messagesOf({})).toEqual([])
  expect(messagesOf({ storageVersions: [server("a"), server("b")], commonEncodingVersion: "v1" })).toEqual([])
  expect(messagesOf({ storageVersions: [server("a"), server("b", "apps/v2")] })).toEqual([])
})

test.each<[object, string[]]>([
  [
    { storageVersions: [server("a")] },
    ["commonEncodingVersion: Invalid value: null: the common encoding version is v1"],
  ],
  [
    { storageVersions: [server("a")], commonEncodingVersion: "v2" },
    ['commonEncodingVersion: Invalid value: "v2": the actual common encoding version is v1'],
  ],
  [
    { storageVersions: [server("a", "v1", ["v2"])], commonEncodingVersion: "v1" },
    [
      'storageVersions[0].decodableVersions: Invalid value: ["v2"]: decodableVersions must include encodingVersion v1',
    ],
  ],
  [
    { storageVersions: [{ ...server("a"), servedVersions: ["v3"] }], commonEncodingVersion: "v1" },
    [
      'storageVersions[0].servedVersions[0]: Invalid value: "v3": individual served version : v3 must be included in decodableVersions : [v1]',
    ],
  ],
  [
    { storageVersions: [server("a"), server("a", "/")] },
    [
      'storageVersions[1].apiServerID: Duplicate value: "a"',
      'storageVersions[1].encodingVersion: Invalid value: "/": group part: must be non-empty,version part: must be non-empty',
      'storageVersions[1].decodableVersions[0]: Invalid value: "/": group part: must be non-empty,version part: must be non-empty',
    ],
  ],
  [
    {
      conditions: [
        { type: "A", status: "True", reason: "a", message: "b" },
        { type: "A", status: "True" },
      ],
    },
    [
      '[1].type: Invalid value: "A": the type of the condition is not unique, it also appears in conditions[0]',
      "[1].reason: Required value",
      "[1].message: Required value",
    ],
  ],
])("%j", (status, messages) => {
  expect(messagesOf(status)).toEqual(
    messages.map((message) => (message.startsWith("[") ? `status${message}` : `status.${message}`)),
  )
})

test("names say group and resource", () => {
  expect(storageVersionName("apps.deployments", false)).toEqual([])
  expect(storageVersionName("pods", false)).toEqual(["name must be in the form of <group>.<resource>"])
  expect(storageVersionName("apps.9", false)[0]).toMatch(/^the resource segment a DNS-1035 label/)
})
