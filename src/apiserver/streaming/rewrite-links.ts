import type { ProxiedOrigin } from "./backends.ts"

/*
 * Pages behind a proxy link to "/style.css" and mean their own root, not the API server's. Links of that kind are made to
 * lead through the proxy again; relative ones do so by themselves, and those to other hosts are left alone.
 */

const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ["href"],
  applet: ["codebase"],
  area: ["href"],
  audio: ["src"],
  base: ["href"],
  blockquote: ["cite"],
  body: ["background"],
  button: ["formaction"],
  command: ["icon"],
  del: ["cite"],
  embed: ["src"],
  form: ["action"],
  frame: ["longdesc", "src"],
  head: ["profile"],
  html: ["manifest"],
  iframe: ["longdesc", "src"],
  img: ["longdesc", "src", "usemap"],
  input: ["src", "usemap", "formaction"],
  ins: ["cite"],
  link: ["href"],
  object: ["classid", "codebase", "data", "usemap"],
  q: ["cite"],
  script: ["src"],
  source: ["src"],
  video: ["poster", "src"],
}

/** `page` is the URL that the backend was asked for. */
export function rewriteLocation(target: string, page: URL, { prefix, host }: ProxiedOrigin): string {
  const parts = /^(?:(https?):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/s.exec(target)
  if (!parts) return target
  const [, scheme, targetHost = "", path = "", rest = ""] = parts
  const isElsewhere = targetHost !== "" && targetHost !== page.host && targetHost !== host
  if (isElsewhere || !path.startsWith("/")) return target
  // Without a host the link leads through whatever the client reached us by, such as kubectl proxy.
  const isOurs = targetHost !== "" && targetHost === host
  const start = isOurs ? `${scheme ? `${scheme}:` : ""}//${host}` : ""
  return path.startsWith(prefix) ? `${start}${path}${rest}` : `${start}${prefix}${path}${rest}`
}

const tagPattern = /<([a-zA-Z][a-zA-Z0-9]*)\b((?:[^>"']|"[^"]*"|'[^']*')*)>/g

export function rewriteHtml(html: string, page: URL, origin: ProxiedOrigin): string {
  return html.replace(tagPattern, (tag: string, name: string, attributes: string) => {
    const known = urlAttributes[name.toLowerCase()]
    if (!known) return tag
    const rewritten = attributes.replace(
      /([\w-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g,
      (pair: string, attribute: string, equals: string, value: string) => {
        if (!known.includes(attribute.toLowerCase())) return pair
        const isQuoted = value.startsWith('"') || value.startsWith("'")
        const link = isQuoted ? value.slice(1, -1) : value
        return `${attribute}${equals}"${rewriteLocation(link, page, origin)}"`
      },
    )
    return `<${name}${rewritten}>`
  })
}
