import { dynType, type ObjectType, stringType } from "../../../apimachinery/cel/types/cel-type.ts"

/**
 * What mutations construct: `Object{spec: Object.spec{replicas: 1}}`, whose types are named by the path and take any
 * fields, and `JSONPatch{op: "add", path: "/a", value: 1}`.
 */
export function findPatchType(name: string): ObjectType | undefined {
  if (name === "JSONPatch") return jsonPatchType
  if (name !== "Object" && !name.startsWith("Object.")) return undefined
  return { kind: "object", name, fields: new Map(), otherFields: dynType }
}

export const appliedObjectType: ObjectType = {
  kind: "object",
  name: "Object",
  fields: new Map(),
  otherFields: dynType,
}

export const jsonPatchType: ObjectType = {
  kind: "object",
  name: "JSONPatch",
  fields: new Map([
    ["op", { name: "op", type: stringType }],
    ["path", { name: "path", type: stringType }],
    ["from", { name: "from", type: stringType }],
    ["value", { name: "value", type: dynType }],
  ]),
}
