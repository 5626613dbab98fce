import { formatGroupVersion } from "../../apimachinery/meta.ts"
import type { Resource, Subresource } from "../../apimachinery/resource.ts"
import { returnsDeletedObject } from "../deleted-object.ts"
import { allSubresources } from "../discovery.ts"
import { capitalize, groupNames } from "./group-names.ts"
import {
  actionParameters,
  commonParameters,
  namePath,
  namespacePath,
  type Parameter,
  proxyPath,
} from "./parameters.ts"

export type Method = "get" | "put" | "post" | "delete" | "options" | "head" | "patch"

/** One method of one path, in the words that v2 and v3 have in common. */
export interface Operation {
  readonly path: string
  readonly method: Method
  readonly action: string
  readonly operationId: string
  readonly description: string
  readonly tag: string
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string }
  /** Of the path: name, namespace, pretty. */
  readonly pathParameters: readonly Parameter[]
  readonly parameters: readonly Parameter[]
  /** "object" and "list" are those of the resource; "kind" is the definition of `kind`. */
  readonly body?: "object" | "kind" | "Patch" | "DeleteOptions"
  readonly answer: "object" | "kind" | "list" | "Status" | "text"
  readonly codes: readonly number[]
}

/** All operations of a resource, its subresources included. */
export function operationsOf(resource: Resource): Operation[] {
  const describer = new Describer(resource)
  return [...describer.collection(), ...describer.item(), ...describer.subresources()]
}

const answers: Readonly<Record<string, { answer: Operation["answer"]; codes: readonly number[] }>> = {
  get: { answer: "object", codes: [200] },
  list: { answer: "list", codes: [200] },
  post: { answer: "object", codes: [200, 201, 202] },
  put: { answer: "object", codes: [200, 201] },
  patch: { answer: "object", codes: [200, 201] },
  delete: { answer: "Status", codes: [200, 202] },
  deletecollection: { answer: "Status", codes: [200] },
}

const bodies: Readonly<Record<string, NonNullable<Operation["body"]>>> = {
  post: "object",
  put: "object",
  patch: "Patch",
  delete: "DeleteOptions",
  deletecollection: "DeleteOptions",
}

const verbsOfActions: Readonly<Record<string, string>> = { post: "create", put: "update" }
const connectMethods: readonly Method[] = ["delete", "get", "head", "options", "patch", "post", "put"]

class Describer {
  readonly #resource: Resource
  readonly #root: string
  readonly #collectionPath: string
  /** "AppsV1" */
  readonly #groupVersion: string
  readonly #scope: string
  readonly #tag: string

  constructor(resource: Resource) {
    const { group, version, namespaced, plural } = resource
    const root = group === "" ? `/api/${version}` : `/apis/${formatGroupVersion(resource)}`
    this.#resource = resource
    this.#root = root
    this.#collectionPath = `${root}${namespaced ? "/namespaces/{namespace}" : ""}/${plural}`
    const { camelName, tag } = groupNames(group)
    this.#groupVersion = `${camelName}${capitalize(version)}`
    this.#tag = `${tag}_${version}`
    this.#scope = namespaced ? "Namespaced" : ""
  }

  collection(): Operation[] {
    const { kind, namespaced, plural, verbs } = this.#resource
    const has = (verb: string) => (verbs as readonly string[]).includes(verb)
    const path = this.#collectionPath
    const scope = this.#scope
    const operations: Operation[] = []
    if (has("deletecollection")) {
      const id = `delete${this.#groupVersion}Collection${scope}${kind}`
      operations.push(this.#operation(path, "delete", "deletecollection", id, `delete collection of ${kind}`))
    }
    if (has("list")) {
      const text = `list or watch objects of kind ${kind}`
      operations.push(this.#operation(path, "get", "list", `list${this.#groupVersion}${scope}${kind}`, text))
      if (namespaced) {
        const id = `list${this.#groupVersion}${kind}ForAllNamespaces`
        const all = this.#operation(`${this.#root}/${plural}`, "get", "list", id, text)
        operations.push({ ...all, pathParameters: commonParameters })
      }
    }
    if (has("create")) {
      const id = `create${this.#groupVersion}${scope}${kind}`
      operations.push(this.#operation(path, "post", "post", id, `create ${articleFor(kind)} ${kind}`))
    }
    return operations
  }

  item(): Operation[] {
    const { kind, verbs } = this.#resource
    const path = `${this.#collectionPath}/{name}`
    return itemActions
      .filter(({ action }) => (verbs as readonly string[]).includes(verbsOfActions[action] ?? action))
      .map(({ method, action, verb, text }) => {
        const id = `${verb}${this.#groupVersion}${this.#scope}${kind}`
        const description =
          action === "delete" ? `delete ${articleFor(kind)} ${kind}` : `${text} the specified ${kind}`
        return this.#operation(path, method, action, id, description)
      })
  }

  subresources(): Operation[] {
    return allSubresources(this.#resource).flatMap((subresource) =>
      subresource.kind.endsWith("Options") ? this.#connect(subresource) : this.#ordinary(subresource),
    )
  }

  #ordinary(subresource: Subresource): Operation[] {
    const { kind, group, version } = this.#resource
    const of = {
      group: subresource.group ?? group,
      version: subresource.version ?? version,
      kind: subresource.kind,
    }
    const path = `${this.#collectionPath}/{name}/${subresource.name}`
    const suffix = `${kind}${capitalize(subresource.name)}`
    return subresourceActions
      .filter(({ action }) => subresource.verbs.includes(verbsOfActions[action] ?? action))
      .map(({ method, action, verb, text }) => {
        const id = `${verb}${this.#groupVersion}${this.#scope}${suffix}`
        const description =
          action === "post"
            ? `create ${subresource.name} of ${articleFor(kind)} ${kind}`
            : `${text} ${subresource.name} of the specified ${kind}`
        const operation = this.#operation(path, method, action, id, description)
        const isOther = of.kind !== kind
        return {
          ...operation,
          kind: of,
          ...(isOther && operation.body === "object" && { body: "kind" as const }),
          answer: subresource.name === "log" ? "text" : isOther ? "kind" : operation.answer,
        }
      })
  }

  /** Streams and proxies: the answer is whatever the other side says. */
  #connect(subresource: Subresource): Operation[] {
    const { kind, group, version } = this.#resource
    const isProxy = subresource.name === "proxy"
    const methods = isProxy ? connectMethods : (["get", "post"] as const)
    const path = `${this.#collectionPath}/{name}/${subresource.name}`
    const suffix = `${kind}${capitalize(subresource.name)}`
    const paths = isProxy ? [path, `${path}/{path}`] : [path]
    return paths.flatMap((each, index) =>
      methods.map((method) => {
        const withPath = index === 1 ? "WithPath" : ""
        const id = `connect${this.#groupVersion}${capitalize(method)}${this.#scope}${suffix}${withPath}`
        const text = `connect ${method.toUpperCase()} requests to ${subresource.name} of ${kind}`
        return {
          ...this.#operation(each, method, "connect", id, text),
          kind: { group, version, kind: subresource.kind },
          pathParameters: this.#pathParameters(each).filter(({ in: place }) => place === "path"),
        }
      }),
    )
  }

  #operation(
    path: string,
    method: Method,
    action: string,
    operationId: string,
    description: string,
  ): Operation {
    const { answer, codes } = answers[action] ?? { answer: "text" as const, codes: [200] }
    const body = bodies[action]
    const isGraceful = action === "delete" && returnsDeletedObject(this.#resource)
    return {
      path,
      method,
      action,
      operationId,
      description,
      tag: this.#tag,
      kind: this.#resource,
      pathParameters: this.#pathParameters(path),
      parameters: actionParameters[action] ?? [],
      ...(body && { body }),
      answer: isGraceful ? "object" : answer,
      codes,
    }
  }

  #pathParameters(path: string): Parameter[] {
    return [
      ...(path.includes("{name}") ? [namePath(this.#resource.kind)] : []),
      ...(path.includes("{namespace}") ? [namespacePath] : []),
      ...(path.includes("{path}") ? [proxyPath] : []),
      ...commonParameters,
    ]
  }
}

const subresourceActions = [
  { method: "get", action: "get", verb: "read", text: "read" },
  { method: "put", action: "put", verb: "replace", text: "replace" },
  { method: "post", action: "post", verb: "create", text: "create" },
  { method: "patch", action: "patch", verb: "patch", text: "partially update" },
] as const

const itemActions = [
  ...subresourceActions.filter(({ action }) => action !== "post"),
  { method: "delete", action: "delete", verb: "delete", text: "delete" },
] as const

function articleFor(word: string): string {
  return /^[AEIOU]/i.test(word) ? "an" : "a"
}
