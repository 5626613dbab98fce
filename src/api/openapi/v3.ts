import type { GroupVersion } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { type Definitions, gvkOf, type JsonSchema } from "./definitions.ts"
import { type Descriptions, noDescriptions } from "./descriptions.ts"
import {
  addWatchEvent,
  type DiscoveryPath,
  discoveryPaths,
  info,
  newDefinitions,
  refFor,
  refToDiscovery,
  security,
} from "./document.ts"
import { type Operation, operationsOf } from "./operations.ts"
import { type Parameter, schemaOfParameter } from "./parameters.ts"
import { objectTypes, objectTypesOf, patchTypesOf, watchTypes } from "./patch.ts"

/**
 * `/openapi/v3/apis/apps/v1`: all that is served of one group and version
 * (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3). Custom resources come in the same way.
 */
export function openApiV3(
  resources: readonly Resource[],
  groupVersion: GroupVersion,
  descriptions: Descriptions = noDescriptions,
): JsonSchema {
  const { group, version } = groupVersion
  const definitions = newDefinitions("v3", resources, descriptions)
  const paths: Record<string, JsonSchema> = {}
  const served = resources.filter((each) => each.group === group && each.version === version)
  for (const resource of served) {
    for (const operation of operationsOf(resource)) {
      const path = (paths[operation.path] ??= { parameters: operation.pathParameters.map(parameterOf) })
      path[operation.method] = describeOperation(definitions, resource, operation)
    }
    addWatchEvent(definitions, resource)
  }
  const discovery = discoveryPaths(groupVersion).at(-1)!
  paths[discovery.path] = describeDiscovery(definitions, discovery)
  return {
    openapi: "3.0.0",
    info,
    paths: sortKeys(paths),
    components: { schemas: sortKeys(definitions.all), securitySchemes: security },
  }
}

/** The paths under `/openapi/v3` with documents of their own, with where they are. Hashes are the caller's. */
export function openApiV3Paths(resources: readonly Resource[]): ReadonlyMap<string, GroupVersion> {
  const paths = new Map<string, GroupVersion>()
  for (const { group, version } of resources) {
    paths.set(group === "" ? `api/${version}` : `apis/${group}/${version}`, { group, version })
  }
  return paths
}

function describeOperation(definitions: Definitions, resource: Resource, operation: Operation): JsonSchema {
  const { action, body, answer, kind } = operation
  const types =
    answer === "text"
      ? textTypes(action)
      : action === "list"
        ? [...objectTypesOf(resource), ...watchTypes]
        : objectTypesOf(resource)
  const schema = refFor(definitions, resource, operation, answer)
  const answers = operation.codes.map((code) => [
    code,
    { description: codeTexts[code], content: contentOf(types, schema) },
  ])
  return {
    tags: [operation.tag],
    description: operation.description,
    operationId: operation.operationId,
    ...(operation.parameters.length > 0 && { parameters: operation.parameters.map(parameterOf) }),
    ...(body && {
      requestBody: {
        content: contentOf(
          body === "Patch" ? patchTypesOf(resource) : ["*/*"],
          refFor(definitions, resource, operation, body),
        ),
        ...(body !== "DeleteOptions" && { required: true }),
      },
    }),
    responses: { ...Object.fromEntries(answers), 401: { description: codeTexts[401] } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvkOf(kind),
  }
}

const codeTexts: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  401: "Unauthorized",
}

function textTypes(action: string): readonly string[] {
  return action === "connect" ? ["*/*"] : ["text/plain", ...objectTypes]
}

function contentOf(types: readonly string[], schema: JsonSchema): JsonSchema {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

function parameterOf(parameter: Parameter): JsonSchema {
  const { name, in: place, description } = parameter
  return {
    name,
    in: place,
    description,
    ...(place === "path" && { required: true }),
    schema: schemaOfParameter(parameter),
  }
}

function describeDiscovery(definitions: Definitions, discovery: DiscoveryPath): JsonSchema {
  const content = contentOf(objectTypes, refToDiscovery(definitions, discovery))
  return {
    get: {
      tags: [discovery.tag],
      description: "get available resources",
      operationId: discovery.operationId,
      responses: { 200: { description: codeTexts[200], content }, 401: { description: codeTexts[401] } },
    },
  }
}

export function sortKeys<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}
