/**
 * Names of container images (https://github.com/distribution/reference): "nginx", "registry.example:5000/team/web:v2",
 * "busybox@sha256:...". Short names mean Docker Hub, as everywhere.
 */
export interface ImageReference {
  readonly domain: string
  readonly path: string
  readonly tag?: string
  readonly digest?: string
}

const alphanumeric = "[a-z0-9]+"
const pathComponent = `${alphanumeric}(?:(?:[._]|__|[-]+)${alphanumeric})*`
const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
const host = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])`
const domain = `${host}(?::[0-9]+)?`
const tag = "[\\w][\\w.-]{0,127}"
const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
const referencePattern = new RegExp(
  `^(${domain})/(${pathComponent}(?:/${pathComponent})*)(?::(${tag}))?(?:@(${digest}))?$`,
)

const dockerHub = "docker.io"
const maxNameLength = 255

/**
 * Undefined for what is no image name. A name without tag and digest has no tag here; `imageTag` says "latest".
 */
export function parseImageReference(image: string): ImageReference | undefined {
  // 64 hexadecimal digits are an image's id; taken for a name they would be looked up at Docker Hub.
  if (/^[a-f0-9]{64}$/.test(image)) return undefined
  const match = referencePattern.exec(withDomain(image))
  if (!match) return undefined
  const [, domainPart = "", path = "", tagPart, digestPart] = match
  if (domainPart.length + 1 + path.length > maxNameLength) return undefined
  return {
    domain: domainPart,
    path,
    ...(tagPart !== undefined && { tag: tagPart }),
    ...(digestPart !== undefined && { digest: digestPart }),
  }
}

/** The first part is a registry if it looks like one: it has a dot or a port, or capital letters, or is localhost. */
function withDomain(image: string): string {
  const slash = image.indexOf("/")
  const first = slash < 0 ? "" : image.slice(0, slash)
  const isDomain = /[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first
  const registry = isDomain ? first : dockerHub
  const rest = isDomain ? image.slice(slash + 1) : image
  if (registry !== dockerHub && registry !== `index.${dockerHub}`) return image
  return `${dockerHub}/${rest.includes("/") ? rest : `library/${rest}`}`
}

/** The tag that is pulled: "latest" if the name says nothing, "" if a digest says all or the name is none. */
export function imageTag(image: string): string {
  const reference = parseImageReference(image)
  if (!reference) return ""
  return reference.tag ?? (reference.digest ? "" : "latest")
}
