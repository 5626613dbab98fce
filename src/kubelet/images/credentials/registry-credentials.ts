import { decodeBase64 } from "../../../base/base64.ts"
import { type ImageReference, parseImageReference } from "../../../api/core/v1/image-reference.ts"
import type { Secret } from "../../../api/core/v1/secret.ts"
import type { RegistryAuth } from "../../../container-runtime/cri.ts"

export interface DockerConfigEntry {
  readonly username?: string
  readonly password?: string
  readonly auth?: string
  readonly identitytoken?: string
}

/**
 * By registry, optionally with a path ("registry.example/team") and with `*` for a part of a host name: what docker's own
 * configuration says, and credential providers.
 */
export type DockerConfig = Readonly<Record<string, DockerConfigEntry>>

/** What is known about the registry of an image, the most specific first. */
export function registryCredentials(image: string, configs: readonly DockerConfig[]): RegistryAuth[] {
  const reference = parseImageReference(image)
  if (!reference) return []
  const found: { key: string; auth: RegistryAuth }[] = []
  for (const config of configs)
    for (const [key, entry] of Object.entries(config)) {
      const place = placeOf(key)
      if (isFrom(place, reference)) found.push({ key: place, auth: toAuth(entry) })
    }
  return found.sort((a, b) => b.key.length - a.key.length).map(({ auth }) => auth)
}

function placeOf(key: string): string {
  return key
    .replace(/^https?:\/\//, "")
    .replace(/\/v[12]\/?$/, "")
    .replace(/\/$/, "")
}

/** Of a pull secret; {} for one that is none. */
export function dockerConfig({ type, data = {} }: Secret): DockerConfig {
  const text = (key: string) => new TextDecoder().decode(decodeBase64(data[key]!))
  try {
    if (type === "kubernetes.io/dockerconfigjson" && data[".dockerconfigjson"] !== undefined)
      return (
        (JSON.parse(text(".dockerconfigjson")) as { auths?: Record<string, DockerConfigEntry> }).auths ?? {}
      )
    if (type === "kubernetes.io/dockercfg" && data[".dockercfg"] !== undefined)
      return JSON.parse(text(".dockercfg")) as Record<string, DockerConfigEntry>
  } catch {
    // A secret that cannot be read is no secret: the pull fails with the registry's own words.
  }
  return {}
}

/** Whether an image comes from a registry, or a path in one. */
export function isFrom(place: string, { domain, path }: ImageReference): boolean {
  const slash = place.indexOf("/")
  const host = slash < 0 ? place : place.slice(0, slash)
  const prefix = slash < 0 ? "" : place.slice(slash + 1)
  const isDockerHub = domain === "docker.io" && (host === "index.docker.io" || host === "docker.io")
  if (!isDockerHub && !hostMatches(host, domain)) return false
  return prefix === "" || path === prefix || path.startsWith(`${prefix}/`)
}

function hostMatches(pattern: string, host: string): boolean {
  const wanted = pattern.split(".")
  const parts = host.split(".")
  if (wanted.length !== parts.length) return false
  return wanted.every((part, index) => {
    const regularExpression = part.split("*").map(escape).join(".*")
    return new RegExp(`^${regularExpression}$`).test(parts[index]!)
  })
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
}

function toAuth({ username, password, auth, identitytoken }: DockerConfigEntry): RegistryAuth {
  if (username === undefined && auth !== undefined) {
    const [name = "", ...rest] = new TextDecoder().decode(decodeBase64(auth)).split(":")
    return {
      username: name,
      password: rest.join(":"),
      ...(identitytoken && { identityToken: identitytoken }),
    }
  }
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(identitytoken && { identityToken: identitytoken }),
  }
}
