type Json = { readonly [name: string]: unknown }

export interface SwaggerDocument extends Json {
  readonly paths?: Json
  readonly definitions?: Json
}

/**
 * Adds what another server tells of its own paths. A definition that is there already under its name and says something
 * else is added under another one, and what refers to it follows, so that nobody's document changes another's.
 */
export function mergeOpenApiV2(
  whole: SwaggerDocument,
  { prefix, document }: { readonly prefix: string; readonly document: SwaggerDocument },
): SwaggerDocument {
  const known = whole.definitions ?? {}
  const renamed = new Map<string, string>()
  for (const [name, definition] of Object.entries(document.definitions ?? {})) {
    if (known[name] !== undefined && JSON.stringify(known[name]) !== JSON.stringify(definition))
      renamed.set(name, freeName(name, known))
  }
  const own = Object.entries(document.paths ?? {}).filter(([path]) => path.startsWith(prefix))
  const { paths, definitions } = rename(
    { paths: Object.fromEntries(own), definitions: document.definitions ?? {} },
    renamed,
  )
  const added = Object.entries(definitions).map(
    ([name, value]) => [renamed.get(name) ?? name, value] as const,
  )
  return {
    ...whole,
    paths: { ...whole.paths, ...paths },
    definitions: { ...known, ...Object.fromEntries(added) },
  }
}

function freeName(name: string, taken: Json): string {
  for (let index = 2; ; index++) {
    const candidate = `${name}_v${index}`
    if (taken[candidate] === undefined) return candidate
  }
}

function rename<T>(document: T, renamed: ReadonlyMap<string, string>): T {
  if (renamed.size === 0) return document
  const prefix = "#/definitions/"
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key !== "$ref" || typeof value !== "string" || !value.startsWith(prefix)) return value
    const name = value.slice(prefix.length)
    return prefix + (renamed.get(name) ?? name)
  }) as T
}
