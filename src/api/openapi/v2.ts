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
import { sortKeys } from "./v3.ts"

/** `/openapi/v2`: all groups in one document, for clients that do not know v3. */
export function openApiV2(
  resources: readonly Resource[],
  descriptions: Descriptions = noDescriptions,
): JsonSchema {
  const definitions = newDefinitions("v2", resources, descriptions)
  const paths: Record<string, JsonSchema> = {}
  for (const resource of resources) {
    for (const operation of operationsOf(resource)) {
      const path = (paths[operation.path] ??= { parameters: operation.pathParameters.map(parameterOf) })
      path[operation.method] = describeOperation(definitions, resource, operation)
    }
    addWatchEvent(definitions, resource)
    for (const discovery of discoveryPaths(resource)) {
      paths[discovery.path] ??= describeDiscovery(definitions, discovery)
    }
  }
  return {
    swagger: "2.0",
    info,
    paths: sortKeys(paths),
    definitions: sortKeys(definitions.all),
    securityDefinitions: security,
    security: [{ BearerToken: [] }],
  }
}

function describeDiscovery(definitions: Definitions, discovery: DiscoveryPath): JsonSchema {
  return {
    get: {
      description: "get what is available",
      consumes: objectTypes,
      produces: objectTypes,
      schemes: ["https"],
      tags: [discovery.tag],
      operationId: discovery.operationId,
      responses: {
        200: { description: "OK", schema: refToDiscovery(definitions, discovery) },
        401: unauthorized,
      },
    },
  }
}

const unauthorized = { description: "Unauthorized" }
const codeTexts: Readonly<Record<number, string>> = { 200: "OK", 201: "Created", 202: "Accepted" }

function describeOperation(definitions: Definitions, resource: Resource, operation: Operation): JsonSchema {
  const { action, body, answer, codes } = operation
  const schema = refFor(definitions, resource, operation, answer)
  const bodyParameter = body && {
    name: "body",
    in: "body",
    schema: refFor(definitions, resource, operation, body),
    ...(body !== "DeleteOptions" && { required: true }),
  }
  return {
    description: operation.description,
    consumes: body === "Patch" ? patchTypesOf(resource) : ["*/*"],
    produces: producedTypes(operation, resource),
    schemes: ["https"],
    tags: [operation.tag],
    operationId: operation.operationId,
    parameters: [...(bodyParameter ? [bodyParameter] : []), ...operation.parameters.map(parameterOf)],
    responses: {
      ...Object.fromEntries(codes.map((code) => [code, { description: codeTexts[code], schema }])),
      401: unauthorized,
    },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": gvkOf(operation.kind),
  }
}

function producedTypes({ action, answer }: Operation, resource: Resource): readonly string[] {
  if (action === "connect") return ["*/*"]
  if (answer === "text") return ["text/plain", ...objectTypes]
  const types = objectTypesOf(resource)
  return action === "list" ? [...types, ...watchTypes] : types
}

function parameterOf(parameter: Parameter): JsonSchema {
  const { name, in: place, description } = parameter
  return {
    name,
    in: place,
    description,
    ...(place === "path" && { required: true }),
    ...schemaOfParameter(parameter),
  }
}
