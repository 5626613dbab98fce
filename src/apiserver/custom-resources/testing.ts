import { CustomResourceDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { type Resource, resource } from "../../apimachinery/resource.ts"
import { sleep } from "../../base/clock.ts"
import { realClock } from "../../base/real/clock.ts"
import type { Client } from "../../client/client.ts"
import { isTrue } from "./conditions.ts"

type Json = { readonly [name: string]: unknown }

/** A definition of Widgets with one version, whose schema has `spec` and `status` as given. */
export function widgetDefinition(
  spec: Json,
  more: { version?: Json; spec?: Json; status?: Json; scope?: string } = {},
): CustomResourceDefinition {
  const properties = { spec, ...(more.status && { status: more.status }) }
  return {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: more.scope ?? "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties } },
          ...more.version,
        },
      ],
      ...more.spec,
    },
  } as unknown as CustomResourceDefinition
}

export interface Custom extends KubeObject {
  spec?: unknown
  status?: unknown
  [name: string]: unknown
}

/** For the typed client: what it needs to know to find the path. */
export function customResource(version = "v1", plural = "widgets", kind = "Widget"): Resource<Custom> {
  return resource<Custom>({
    group: "example.com",
    version,
    kind,
    plural,
    namespaced: true,
    schema: { kind: "object", fields: {}, preserveUnknownFields: true },
  })
}

/** Creates it and waits until it is served. */
export async function install(
  client: Client,
  definition: CustomResourceDefinition,
): Promise<CustomResourceDefinition> {
  const { name } = (await client.create(CustomResourceDefinition, definition)).metadata
  return waitFor(client, name, (each) => isTrue(each, "Established"))
}

export async function waitFor(
  client: Client,
  name: string,
  holds: (definition: CustomResourceDefinition) => boolean,
): Promise<CustomResourceDefinition> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const definition = await client.get(CustomResourceDefinition, { name })
    if (holds(definition)) return definition
    await sleep(realClock, 10)
  }
  throw new Error(`${name} did not come to be as expected`)
}

/** The message of the failure; "" when there is none. */
export async function messageOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "",
    (error: Error) => error.message,
  )
}
