import { APIGroupDiscoveryList } from "../../api/apidiscovery/v2/api-group-discovery-list.ts"
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  computeStorageVersionHashes,
  type StorageVersionHashes,
} from "../../api/discovery.ts"
import { APIGroup, APIGroupList, APIResourceList, APIVersions } from "../../apimachinery/meta-types.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { ObjectSchema } from "../../apimachinery/schema.ts"
import type { RemoteVersions } from "../aggregation/remote-versions.ts"
import type { RequestContext } from "../context.ts"
import { encodeValue } from "../encoding/encode-value.ts"
import { negotiate, requireKnownType } from "../encoding/negotiate.ts"
import { type Media, mediaTypes } from "../encoding/output-format.ts"
import { respondPlain } from "../encoding/respond-plain.ts"
import { headerOf } from "../http/request.ts"
import { empty, type ServerResponse } from "../http/response.ts"
import { Derived } from "../registry/derived.ts"
import type { ServedResources } from "../registry/served-resources.ts"
import { etagOf } from "./etag.ts"

type Resources = readonly Resource[]
type AggregatedVersion = "v2" | "v2beta1"

/** What the server tells about itself under `/api` and `/apis`, computed once and kept until the resources change. */
export class Discovery {
  readonly #resources: Derived<Resources>
  readonly #hashes: Derived<Promise<StorageVersionHashes>>
  readonly #aggregated: Derived<Map<string, Promise<Encoded>>>
  readonly #serverAddress: string
  readonly #remote: RemoteVersions | undefined

  constructor(served: ServedResources, remote: RemoteVersions | undefined, serverAddress: string) {
    this.#remote = remote
    remote?.onChange(() => this.#aggregated.get().clear())
    this.#serverAddress = serverAddress
    this.#resources = new Derived(served, () => served.all().map(({ resource }) => resource))
    this.#hashes = new Derived(served, () => computeStorageVersionHashes(this.#resources.get()))
    this.#aggregated = new Derived(served, () => new Map())
  }

  /** But those of a group and version that another server answers for. */
  #present(): Resources {
    const elsewhere = this.#remote?.all() ?? []
    const isHere = ({ group, version }: Resource) =>
      !elsewhere.some((other) => other.group === group && other.version === version)
    const all = this.#resources.get()
    return elsewhere.length === 0 ? all : all.filter(isHere)
  }

  /** Undefined: no such path. `parts` are those of the path: ["apis", "apps", "v1"]. */
  async answer(context: RequestContext, parts: readonly string[]): Promise<ServerResponse | undefined> {
    const [root, first, second, ...more] = parts
    if (more.length > 0) return undefined
    if (root === "api" && first === undefined) return this.#answerRoot(context, true)
    if (root === "api" && second === undefined) return this.#answerVersion(context, "", first!)
    if (root !== "apis") return undefined
    if (first === undefined) return this.#answerRoot(context, false)
    if (second !== undefined) return this.#answerVersion(context, first, second)
    const group = apiGroup(this.#present(), first, this.#remote?.all())
    return group && respondJson(context, group, "APIGroup", APIGroup)
  }

  async #answerRoot(context: RequestContext, isLegacy: boolean): Promise<ServerResponse> {
    const form = aggregatedForm(headerOf(context.request.headers, "accept"))
    if (form) return this.#answerAggregated(context, isLegacy, form)
    return isLegacy
      ? respondJson(context, apiVersions(this.#serverAddress), "APIVersions", APIVersions)
      : respondJson(context, apiGroupList(this.#present(), this.#remote?.all()), "APIGroupList", APIGroupList)
  }

  async #answerVersion(
    context: RequestContext,
    group: string,
    version: string,
  ): Promise<ServerResponse | undefined> {
    const list = apiResourceList(this.#present(), { group, version }, await this.#hashes.get())
    return list && respondJson(context, list, "APIResourceList", APIResourceList)
  }

  async #answerAggregated(
    context: RequestContext,
    isLegacy: boolean,
    { version, media }: AggregatedForm,
  ): Promise<ServerResponse> {
    const key = `${isLegacy} ${version} ${media}`
    const documents = this.#aggregated.get()
    let document = documents.get(key)
    if (!document) {
      const value = aggregatedDiscovery(this.#present(), { isLegacy, version }, this.#remote?.all())
      documents.set(key, (document = encode(value, media)))
    }
    const { value, bytes, etag } = await document
    const headers = {
      "content-type": `${mediaTypes[media]};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
      etag,
      vary: "Accept",
      // Whoever keeps it asks again with the etag each time.
      "cache-control": "public",
    }
    if (headerOf(context.request.headers, "if-none-match") === etag)
      return { status: 304, headers, body: empty }
    return { status: 200, headers, body: { kind: "object", value: () => value, encode: () => [bytes] } }
  }
}

interface Encoded {
  readonly value: object
  readonly bytes: Uint8Array
  readonly etag: string
}

const aggregatedKind = {
  group: "apidiscovery.k8s.io",
  version: "v2",
  kind: "APIGroupDiscoveryList",
  schema: APIGroupDiscoveryList,
}

async function encode(value: object, media: Media): Promise<Encoded> {
  const bytes = encodeValue(value, { media, pretty: false }, aggregatedKind)
  return { value, bytes, etag: `"${await etagOf(bytes)}"` }
}

function respondJson(
  context: RequestContext,
  value: object,
  kind: string,
  schema: ObjectSchema,
): ServerResponse {
  requireKnownType(context.request, false)
  const format = negotiate(context, { mayTransform: false })
  return respondPlain({ format }, 200, value, { group: "", version: "v1", kind, schema })
}

interface AggregatedForm {
  readonly version: AggregatedVersion
  readonly media: Media
}

/** Whether some clause of the Accept header asks for all in one document; the newest form of those that are asked for. */
function aggregatedForm(accept: string): AggregatedForm | undefined {
  const forms = accept.split(",").flatMap((clause): AggregatedForm[] => {
    const [type, ...parameters] = clause.split(";").map((part) => part.trim())
    const media = medias.find((each) => mediaTypes[each] === type)
    if (!media || !aggregatedParameters.every((each) => parameters.includes(each))) return []
    if (parameters.includes("v=v2")) return [{ version: "v2", media }]
    // The older form came before others than JSON did.
    return parameters.includes("v=v2beta1") && media === "json" ? [{ version: "v2beta1", media }] : []
  })
  return forms.find(({ version }) => version === "v2") ?? forms[0]
}

const medias = Object.keys(mediaTypes) as Media[]
const aggregatedParameters = ["as=APIGroupDiscoveryList", "g=apidiscovery.k8s.io"]
