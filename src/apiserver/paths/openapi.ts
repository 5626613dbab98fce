import { type Descriptions, noDescriptions } from "../../api/openapi/descriptions.ts"
import type { JsonSchema } from "../../api/openapi/definitions.ts"
import { openApiV2 } from "../../api/openapi/v2.ts"
import { encodeOpenApiV2, openApiV2Protobuf } from "../../api/openapi/v2-protobuf.ts"
import { openApiV3, openApiV3Paths } from "../../api/openapi/v3.ts"
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
  readonly #descriptions: Promise<Descriptions>
  readonly #resources: Derived<readonly Resource[]>
  readonly #v2: Derived<Promise<Document>>
  /** Version 2 in the form of Go's clients, and the document it was made of. */
  #protobuf: { readonly of: Promise<Document>; readonly document: Promise<Document> } | undefined = undefined
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
    this.#descriptions = {
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
      encode(openApiV2(this.#resources.get(), await this.#descriptions)),
    )
  }

  /** Undefined: no such path. `parts` follow "openapi". */
  async answer(context: RequestContext, parts: readonly string[]): Promise<ServerResponse | undefined> {
    const [version, ...rest] = parts
    if (version === "v2" && rest.length === 0) return this.#answerV2(context)
    if (version !== "v3") return undefined
    return rest.length === 0 ? this.#answerIndex() : this.#answerGroupVersion(context, rest.join("/"))
  }

  /** JSON, or the messages that Go programs ask for. There are no other forms. */
  async #answerV2(context: RequestContext): Promise<ServerResponse> {
    const wanted = headerOf(context.request.headers, "accept")
      .split(",")
      .map((clause) => clause.split(";")[0]!.trim())
    const isAny = wanted.some((type) => type === "" || type === "*/*" || type === "application/*")
    if (wanted.some((type) => protobufNames.has(type)))
      return answerDocument(context, await this.#wholeV2AsProtobuf(), "")
    if (isAny || wanted.includes("application/json"))
      return answerDocument(context, await this.#wholeV2(), "")
    return { status: 406, headers: { vary: "Accept" }, body: empty }
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
    const document = await this.#document(path)
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

  #wholeV2AsProtobuf(): Promise<Document> {
    const of = this.#wholeV2()
    if (this.#protobuf?.of !== of) {
      const document = of.then(({ bytes }) => {
        const whole = JSON.parse(new TextDecoder().decode(bytes)) as JsonSchema
        return hashed(encodeOpenApiV2(whole), openApiV2Protobuf)
      })
      this.#protobuf = { of, document }
    }
    return this.#protobuf.document
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
    return encode(openApiV3(resources, groupVersion, await this.#descriptions))
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
  return hashed(new TextEncoder().encode(JSON.stringify(value)), "application/json")
}

async function hashed(bytes: Uint8Array, contentType: string): Promise<Document> {
  return { bytes, contentType, hash: await etagOf(bytes) }
}

/** Old clients say it with an "@". */
const protobufNames: ReadonlySet<string> = new Set([
  openApiV2Protobuf,
  openApiV2Protobuf.replace("v2.v1.0", "v2@v1.0"),
])
