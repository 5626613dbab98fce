import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { messageOf } from "../../../base/message-of.ts"
import { parseDuration } from "../../../apimachinery/duration.ts"
import { parseImageReference } from "../../../api/core/v1/image-reference.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../../api/core/v1/service-account.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import { type CredentialProviderSettings, group, type TokenAttributes } from "./provider-configuration.ts"
import { type DockerConfig, isFrom } from "./registry-credentials.ts"

/** Runs the provider's program with a request on its input; gives what it wrote. Rejects when it fails or takes too long. */
export type RunProvider = (settings: CredentialProviderSettings, input: string) => Promise<string>

export interface CredentialProviderOptions {
  readonly settings: CredentialProviderSettings
  readonly run: RunProvider
  readonly objects: Pick<NodeObjects, "find">
  /** A token of the pod's service account. */
  readonly token: (pod: Pod, audience: string) => Promise<string>
  readonly clock: Clock
  readonly log: Logger
}

interface Response {
  readonly apiVersion?: string
  readonly kind?: string
  readonly cacheKeyType?: string
  readonly cacheDuration?: string
  readonly auth?: Readonly<Record<string, { readonly username?: string; readonly password?: string }>>
}

/** For whom a program is asked, where it wants to know. */
interface Account {
  readonly token: string
  readonly annotations: Readonly<Record<string, string>>
  /** Answers for it are kept apart from those for others. */
  readonly key: string
}

const nobody: Account = { token: "", annotations: {}, key: "" }

/**
 * A program outside the kubelet that knows the passwords of registries, for a cloud's own say. What it answers is kept for
 * as long as it says, for one image, one registry or all; pods that ask at the same time share one run.
 */
export class CredentialProvider {
  readonly #options: CredentialProviderOptions
  readonly #kept = new Map<string, { readonly config: DockerConfig; readonly untilMs: number }>()
  readonly #running = new Map<string, Promise<DockerConfig>>()

  constructor(options: CredentialProviderOptions) {
    this.#options = options
  }

  /** {} for images of others, and when the program fails: the registry may know the image without a password. */
  async provide(image: string, pod: Pod): Promise<DockerConfig> {
    const { settings, log } = this.#options
    const reference = parseImageReference(image)
    if (!reference || !settings.matchImages?.some((place) => isFrom(place, reference))) return {}
    const repository = `${reference.domain}/${reference.path}`
    try {
      const account = await this.#accountOf(pod)
      if (!account) return {}
      return this.#find(repository, account) ?? (await this.#ask(repository, account))
    } catch (error) {
      log.error("credential provider failed", { provider: settings.name, image, error })
      return {}
    }
  }

  /** Undefined: the program is not to be asked for this pod. */
  async #accountOf(pod: Pod): Promise<Account | undefined> {
    const { settings, objects, token } = this.#options
    const wanted = settings.tokenAttributes
    if (!wanted) return nobody
    const { namespace = "" } = pod.metadata
    const name = pod.spec.serviceAccountName
    if (!name) return wanted.requireServiceAccount ? undefined : nobody
    const account = await objects.find(ServiceAccount, { namespace, name })
    if (!account) throw new Error(`serviceaccount "${name}" not found`)
    const annotations = annotationsFor(wanted, account)
    if (!annotations) return undefined
    const text = await token(pod, wanted.serviceAccountTokenAudience)
    const parts = [namespace, name, account.metadata.uid, annotations]
    return {
      token: text,
      annotations,
      key: JSON.stringify(wanted.cacheType === "Token" ? [...parts, text] : parts),
    }
  }

  #find(repository: string, account: Account): DockerConfig | undefined {
    const now = this.#options.clock.now()
    for (const [key, { untilMs }] of this.#kept) if (untilMs <= now) this.#kept.delete(key)
    for (const key of Object.values(cacheKeys(repository))) {
      const kept = this.#kept.get(`${key} ${account.key}`)
      if (kept) return kept.config
    }
    return undefined
  }

  #ask(repository: string, account: Account): Promise<DockerConfig> {
    const key = `${repository} ${account.key}`
    const running = this.#running.get(key)
    if (running) return running
    const asked = this.#run(repository, account).finally(() => this.#running.delete(key))
    this.#running.set(key, asked)
    return asked
  }

  async #run(repository: string, account: Account): Promise<DockerConfig> {
    const { settings, run, clock } = this.#options
    const { token, annotations } = account
    const request = {
      kind: "CredentialProviderRequest",
      apiVersion: settings.apiVersion,
      image: repository,
      ...(token && { serviceAccountToken: token }),
      ...(Object.keys(annotations).length > 0 && { serviceAccountAnnotations: annotations }),
    }
    const response = parseResponse(await run(settings, JSON.stringify(request)), settings.apiVersion)
    const key = cacheKeys(repository)[response.cacheKeyType as CacheKeyType]
    if (key === undefined)
      throw new Error(
        `credential provider plugin did not return a valid cacheKeyType: "${response.cacheKeyType ?? ""}"`,
      )
    const config: DockerConfig = response.auth ?? {}
    const keepMs = parseDuration(response.cacheDuration ?? settings.defaultCacheDuration ?? "0s")
    if (keepMs > 0) this.#kept.set(`${key} ${account.key}`, { config, untilMs: clock.now() + keepMs })
    return config
  }
}

type CacheKeyType = keyof ReturnType<typeof cacheKeys>

/** Under which an answer is kept, by its cacheKeyType; looked up in this order. */
function cacheKeys(repository: string) {
  return {
    Image: `image ${repository}`,
    Registry: `registry ${repository.split("/")[0]}`,
    Global: "global",
  }
}

/** Undefined when one is missing that must be there: accounts that are not meant do not have it. */
function annotationsFor(
  {
    requiredServiceAccountAnnotationKeys: required = [],
    optionalServiceAccountAnnotationKeys: optional = [],
  }: TokenAttributes,
  { metadata: { annotations = {} } }: ServiceAccount,
): Record<string, string> | undefined {
  if (required.some((key) => annotations[key] === undefined)) return undefined
  const wanted = [...required, ...optional].filter((key) => annotations[key] !== undefined).sort()
  return Object.fromEntries(wanted.map((key) => [key, annotations[key]!]))
}

/** Errors do not show what was written: there may be passwords in it. */
function parseResponse(output: string, apiVersion: string): Response {
  let response: Response
  try {
    response = JSON.parse(output) as Response
  } catch (error) {
    throw new Error(`error reading GVK from response: ${messageOf(error).split(",")[0]}`, { cause: error })
  }
  if (response.apiVersion !== apiVersion)
    throw new Error(
      `apiVersion from credential plugin response did not match expected apiVersion:${apiVersion}, actual apiVersion:${response.apiVersion ?? ""}`,
    )
  const isRight = response.kind === "CredentialProviderResponse" && apiVersion.startsWith(`${group}/`)
  if (!isRight) throw new Error("error decoding credential provider plugin response from stdout")
  return response
}
