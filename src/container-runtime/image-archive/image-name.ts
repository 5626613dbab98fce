/**
 * The full name of an image as runtimes keep it: "nginx" is "docker.io/library/nginx:latest". Follows
 * https://github.com/distribution/reference: the first part is a registry if it has a dot or a colon or is "localhost".
 */
export function normalizeImageName(name: string): string {
  const slash = name.indexOf("/")
  const first = slash < 0 ? "" : name.slice(0, slash)
  const hasRegistry = first === "localhost" || /[.:]/.test(first)
  const path = hasRegistry ? name : slash < 0 ? `docker.io/library/${name}` : `docker.io/${name}`
  return hasTagOrDigest(path) ? path : `${path}:latest`
}

/** "nginx" lacks both; "localhost:5000/nginx" does too: that colon is a port's. */
export function hasTagOrDigest(name: string): boolean {
  return name.includes("@") || name.slice(name.lastIndexOf("/") + 1).includes(":")
}
