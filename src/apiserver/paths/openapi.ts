import { type Descriptions, noDescriptions } from "../../api/openapi/descriptions.ts"
import type { JsonSchema } from "../../api/openapi/definitions.ts"
import { openApiV2 } from "../../api/openapi/v2.ts"
import { encodeOpenApiV2, openApiV2Protobuf } from "../../api/openapi/v2-protobuf.ts"
import { openApiV3, openApiV3Paths } from "../../api/openapi/v3.ts"
import { encodeOpenApiV3, openApiV3Protobuf } from "../../api/openapi/v3-protobuf.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { mergeOpenApiV2, type SwaggerDocument } from "../aggregation/merge-open-api.ts"
import type { RemoteVersions } from "../aggregation/remote-versions.ts"
import type { RequestContext } from "../context.ts"
import { headerOf } from "../http/request.ts"
import { empty, type ServerResponse, textResponse } from "../http/response.ts"
import { Derived } from "../registry/derived.ts"
import type { ServedResources } from "../registry/served-resources.ts"
import { etagOf } from "./etag.ts"

interface Document {
  readonly bytes: Uint8Array
  readonly contentType: string
  readonly hash: string
}

/** A year: the address has the document's hash in it, so what is behind it never changes. */
const immutable = "public, immutable"

/**
 * `/openapi/v2`, and `/openapi/v3` with a document per group and version. Made when first asked for: a cluster nobody
 * explains pays nothing.
 */
export class OpenApi {
  /** What fields mean; read when first awaited. */
  readonly descriptions: Promise<Descriptions>
  readonly #resources: Derived<readonly Resource[]>
  readonly #v2: Derived<Promise<Document>>
  /** Documents in the form of Go's clients, by those in JSON. */
  readonly #protobuf = new WeakMap<Document, Document>()
  readonly #remote: RemoteVersions | undefined
  /** Version 2 with what other servers tell, and the own document it was made of. */
  #merged: { readonly own: Promise<Document>; readonly document: Promise<Document> } | undefined = undefined
  readonly #remoteDocuments = new Map<string, Promise<Document>>()
  /** By path, with the resources each was made of: a change of one group leaves the documents of the others. */
  readonly #v3 = new Map<string, { readonly of: readonly Resource[]; readonly document: Promise<Document> }>()

  /** @param loadDescriptions called on first use */
  constructor(
    served: ServedResources,
    remote: RemoteVersions | undefined,
    loadDescriptions: () => Promise<Descriptions> = async () => noDescriptions,
  ) {
    let descriptions: Promise<Descriptions> | undefined
    // Held as a promise that starts with the first `then`.
    this.descriptions = {
      // oxlint-disable-next-line unicorn/no-thenable -- awaited like any promise, but loaded only when it is
      then: (...callbacks: Parameters<Promise<Descriptions>["then"]>) =>
        (descriptions ??= loadDescriptions()).then(...callbacks),
    } as Promise<Descriptions>
    this.#remote = remote
    remote?.onChange(() => {
      this.#merged = undefined
      this.#remoteDocuments.clear()
    })
    this.#resources = new Derived(served, () => served.all().map(({ resource }) => resource))
    this.#v2 = new Derived(served, async () =>
      encode(openApiV2(this.#resources.get(), await this.descriptions)),
    )
  }

  /** Undefined: no such path. `parts` follow "openapi". */
  async answer(context: RequestContext, parts: readonly string[]): Promise<ServerResponse | undefined> {
    const [version, ...rest] = parts
    if (version === "v2" && rest.length === 0) return this.#answerV2(context)
    if (version !== "v3") return undefined
    return rest.length === 0 ? this.#answerIndex() : this.#answerGroupVersion(context, rest.join("/"))
  }

  async #answerV2(context: RequestContext): Promise<ServerResponse> {
    const format = chooseFormat(context, openApiV2Protobuf)
    if (!format) return notAcceptable()
    const json = await this.#wholeV2()
    if (format === "json") return answerDocument(context, json, "")
    return answerDocument(context, this.#asProtobuf(json, encodeOpenApiV2, openApiV2Protobuf), "")
  }

  async #answerIndex(): Promise<ServerResponse> {
    const paths = [...openApiV3Paths(this.#resources.get()).keys(), ...this.#remotePaths()].sort()
    const entries = await Promise.all(
      paths.map(async (path) => {
        const { hash } = await this.#document(path)
        return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const
      }),
    )
    const bytes = new TextEncoder().encode(`${JSON.stringify({ paths: Object.fromEntries(entries) })}\n`)
    return { status: 200, headers: { "content-type": "application/json" }, body: { kind: "bytes", bytes } }
  }

  async #answerGroupVersion(context: RequestContext, path: string): Promise<ServerResponse | undefined> {
    if (!openApiV3Paths(this.#resources.get()).has(path) && !this.#remote?.openApiV3().has(path))
      return undefined
    const format = chooseFormat(context, openApiV3Protobuf)
    if (!format) return notAcceptable()
    const json = await this.#document(path)
    const document = format === "json" ? json : this.#asProtobuf(json, encodeOpenApiV3, openApiV3Protobuf)
    const asked = context.request.query.get("hash")
    if (asked === null) return answerDocument(context, document, "")
    if (asked === document.hash) return answerDocument(context, document, immutable)
    const location = `/openapi/v3/${path}?hash=${document.hash}`
    return textResponse(301, `<a href="${location}">Moved Permanently</a>.\n\n`, { location })
  }

  #remotePaths(): readonly string[] {
    return [...(this.#remote?.openApiV3().keys() ?? [])]
  }

  #wholeV2(): Promise<Document> {
    const own = this.#v2.get()
    const others = this.#remote?.openApiV2() ?? []
    if (others.length === 0) return own
    if (this.#merged?.own !== own) {
      const document = own.then(({ bytes }) => {
        const whole = JSON.parse(new TextDecoder().decode(bytes)) as SwaggerDocument
        return encode(others.reduce(mergeOpenApiV2, whole))
      })
      this.#merged = { own, document }
    }
    return this.#merged.document
  }

  /** Both forms have one hash: it says what is told, not how. */
  #asProtobuf(json: Document, encodeAs: (document: JsonSchema) => Uint8Array, contentType: string): Document {
    const known = this.#protobuf.get(json)
    if (known) return known
    const whole = JSON.parse(new TextDecoder().decode(json.bytes)) as JsonSchema
    const document = { bytes: encodeAs(whole), contentType, hash: json.hash }
    this.#protobuf.set(json, document)
    return document
  }

  #document(path: string): Promise<Document> {
    const remote = this.#remote?.openApiV3().get(path)
    if (remote) {
      const known = this.#remoteDocuments.get(path) ?? encode(remote)
      this.#remoteDocuments.set(path, known)
      return known
    }
    const { group, version } = openApiV3Paths(this.#resources.get()).get(path)!
    const of = this.#resources.get().filter((each) => each.group === group && each.version === version)
    const known = this.#v3.get(path)
    if (known && known.of.length === of.length && known.of.every((each, index) => each === of[index]))
      return known.document
    const document = this.#make(path)
    this.#v3.set(path, { of, document })
    return document
  }

  async #make(path: string): Promise<Document> {
    const resources = this.#resources.get()
    const groupVersion = openApiV3Paths(resources).get(path)!
    return encode(openApiV3(resources, groupVersion, await this.descriptions))
  }
}

function answerDocument(
  context: RequestContext,
  { bytes, hash, contentType }: Document,
  caching: string,
): ServerResponse {
  const etag = `"${hash}"`
  const headers = {
    "content-type": contentType,
    etag,
    vary: "Accept",
    ...(caching && { "cache-control": caching, expires: new Date(inAYear(context)).toUTCString() }),
  }
  const known = headerOf(context.request.headers, "if-none-match")
    .split(",")
    .map((each) => each.trim())
  if (known.includes(etag)) return { status: 304, headers, body: empty }
  return { status: 200, headers, body: { kind: "bytes", bytes } }
}

function inAYear({ server }: RequestContext): number {
  return server.clock.now() + 365 * 24 * 3_600_000
}

async function encode(value: object): Promise<Document> {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  return { bytes, contentType: "application/json", hash: await etagOf(bytes) }
}

/** JSON, or the messages that Go programs ask for, whose old ones say it with an "@". There are no other forms. */
function chooseFormat({ request }: RequestContext, protobuf: string): "json" | "protobuf" | undefined {
  const wanted = headerOf(request.headers, "accept")
    .split(",")
    .map((clause) =>
      clause
        .split(";")[0]!
        .trim()
        .replace(/(\.v[0-9])@/, "$1."),
    )
  if (wanted.includes(protobuf)) return "protobuf"
  const isJson = (type: string) => ["", "*/*", "application/*", "application/json"].includes(type)
  return wanted.some(isJson) ? "json" : undefined
}

function notAcceptable(): ServerResponse {
  return { status: 406, headers: { vary: "Accept" }, body: empty }
}
