import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { DeleteOptions } from "../../api/meta/v1/delete-options.ts"
import { bodyKinds, builtInResources } from "../../api/index.ts"
import { formatGroupVersion } from "../meta.ts"
import {
  APIGroup,
  APIVersions,
  CreateOptions,
  GetOptions,
  ListOptions,
  PatchOptions,
  StatusSchema,
  UpdateOptions,
} from "../meta-types.ts"
import type { ObjectSchema } from "../schema.ts"
import { decodeObject } from "../structural.ts"
import { encodeJson, encodePrettyJson, parseJson } from "./json.ts"
import { decodeEnvelope, decodeProtobuf, encodeProtobuf } from "./protobuf.ts"
import { encodeYaml } from "./yaml-emitter.ts"
import { parseYaml } from "./yaml.ts"

/** Upstream's golden objects: every kind with every field set, in the three formats. They are not part of the project. */
const folder = fileURLToPath(new URL("../../../../shared/reference/golden/", import.meta.url))

const metaKinds: Readonly<Record<string, ObjectSchema>> = {
  APIGroup,
  APIVersions,
  CreateOptions,
  DeleteOptions,
  GetOptions,
  ListOptions,
  PatchOptions,
  Status: StatusSchema,
  UpdateOptions,
}

interface Type {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly schema: ObjectSchema
}

const types: Type[] = [
  ...builtInResources,
  ...bodyKinds,
  ...Object.entries(metaKinds).map(([kind, schema]) => ({ group: "", version: "v1", kind, schema })),
]

const fileOf = ({ group, version, kind }: Type) => `${group || "core"}.${version}.${kind}`

describe.skipIf(!existsSync(folder))("golden objects (skipped without the reference data)", () => {
  const files = existsSync(folder) ? readdirSync(folder) : []
  const known = types.filter((type) => files.includes(`${fileOf(type)}.pb`))

  test("are there for nearly every kind", () => {
    expect(known.length).toBeGreaterThan(100)
  })

  test.each(known.map((type) => [fileOf(type), type] as const))("%s", (name, type) => {
    const read = (extension: string) => readFileSync(`${folder}${name}.${extension}`)
    const golden = { json: read("json").toString(), yaml: read("yaml").toString(), protobuf: read("pb") }

    const strictErrors: string[] = []
    const fromJson = decodeObject(type.schema, parseJson(golden.json, strictErrors), strictErrors)
    const fromYaml = decodeObject(type.schema, parseYaml(golden.yaml, strictErrors), strictErrors)
    const envelope = decodeEnvelope(golden.protobuf)
    const fromProtobuf = decodeProtobuf(type.schema, envelope)
    expect(strictErrors).toEqual([])
    expect(envelope).toMatchObject({ apiVersion: formatGroupVersion(type), kind: type.kind, contentType: "" })
    expect(fromYaml).toEqual(fromJson)
    expect(fromProtobuf).toEqual(fromJson)

    expect(encodePrettyJson(fromJson)).toBe(golden.json)
    expect(encodeJson(fromProtobuf)).toBe(encodeJson(fromJson))
    expect(encodeYaml(fromJson)).toBe(golden.yaml)
    expect(Buffer.from(encodeProtobuf(type, fromJson)).equals(golden.protobuf)).toBe(true)
  })
})
