import {
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from "js-yaml"
import { quote } from "../../base/quote.ts"
import { copyJson } from "../freeze.ts"
import { isRecord, type JsonRecord, setMember } from "../schema-plan.ts"
import { maxJsonDepth } from "./json.ts"
import { resolveScalar } from "./yaml-scalars.ts"

/**
 * YAML as the API reads it: converted to JSON values, with the meaning that Go's library gives to plain scalars. The
 * library parses to events; what they mean is decided here.
 *
 * @param strictErrors collects what `fieldValidation` reports: keys that appear twice (otherwise the last one counts)
 * @throws Error `yaml: line 3: ...`
 */
export function parseYaml(text: string, strictErrors?: string[]): unknown {
  return composeAll(text, strictErrors)[0] ?? null
}

/** All documents of a manifest; empty ones are left out. */
export function parseYamlDocuments(text: string, strictErrors?: string[]): unknown[] {
  return composeAll(text, strictErrors).filter((document) => document !== null)
}

function composeAll(text: string, strictErrors: string[] | undefined): unknown[] {
  try {
    const events = parseEvents(text, { maxDepth: maxJsonDepth })
    const composer = new Composer(text, events)
    const documents = composer.documents()
    if (composer.duplicates.length > 0) {
      strictErrors?.push(`yaml: unmarshal errors:\n  ${composer.duplicates.join("\n  ")}`)
    }
    return documents
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark ? `line ${error.mark.line + 1}: ` : ""
    throw new Error(`yaml: ${line}${error.reason}`, { cause: error })
  }
}

interface Anchor {
  readonly value: unknown
  /** How many nodes it has, itself included. */
  readonly nodes: number
}

class Composer {
  readonly duplicates: string[] = []
  readonly #text: string
  readonly #events: readonly Event[]
  readonly #anchors = new Map<string, Anchor>()
  #position = 0
  /** All nodes, and those that came by way of an alias. */
  #nodes = 0
  #aliased = 0

  constructor(text: string, events: readonly Event[]) {
    this.#text = text
    this.#events = events
  }

  documents(): unknown[] {
    const documents: unknown[] = []
    while (this.#position < this.#events.length) {
      this.#position++
      this.#anchors.clear()
      documents.push(this.#isAt(EVENT_ID.POP) ? null : this.#node())
      this.#position++
    }
    return documents
  }

  #isAt(type: Event["type"]): boolean {
    return this.#events[this.#position]?.type === type
  }

  #node(): unknown {
    const event = this.#events[this.#position++]!
    if (event.type === EVENT_ID.ALIAS)
      return this.#alias(this.#text.slice(event.anchorStart, event.anchorEnd))
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP)
      throw new Error("yaml: unexpected end")
    const before = this.#nodes++
    const tag = event.tagStart < 0 ? "" : this.#text.slice(event.tagStart, event.tagEnd)
    const value =
      event.type === EVENT_ID.SCALAR
        ? this.#scalar(this.#scalarText(event), event.style === SCALAR_STYLE.PLAIN, tag)
        : event.type === EVENT_ID.SEQUENCE
          ? this.#sequence()
          : this.#mapping()
    if (event.anchorStart >= 0) {
      const name = this.#text.slice(event.anchorStart, event.anchorEnd)
      this.#anchors.set(name, { value, nodes: this.#nodes - before })
    }
    return value
  }

  #alias(name: string): unknown {
    const anchor = this.#anchors.get(name)
    if (!anchor) throw new Error(`yaml: unknown anchor '${name}' referenced`)
    this.#nodes += anchor.nodes
    this.#aliased += anchor.nodes
    // A few lines of aliases to aliases would otherwise become gigabytes.
    if (isExcessive(this.#aliased, this.#nodes)) throw new Error("yaml: document contains excessive aliasing")
    return copyJson(anchor.value)
  }

  /** A block that ends with the text and without a line break has none; the library would give it one. */
  #scalarText(event: ScalarEvent): string {
    const value = getScalarValue(this.#text, event)
    const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK
    const isCutShort = isBlock && event.valueEnd >= this.#text.length && !this.#text.endsWith("\n")
    return isCutShort && value.endsWith("\n") ? value.slice(0, -1) : value
  }

  #scalar(value: string, isPlain: boolean, tag: string): unknown {
    if (tag === "!!binary") return atob(value.replace(/\s/g, ""))
    if (tag === "!!str" || (tag === "" ? !isPlain : !tag.startsWith("!!"))) return value
    const resolved = resolveScalar(value)
    if (resolved.type !== "value") {
      if (tag === "" || tag === "!!timestamp") return value
      throw new Error(`yaml: cannot decode !!str \`${value}\` as a ${tag}`)
    }
    if (typeof resolved.value !== "number" || Number.isFinite(resolved.value)) return resolved.value
    throw new Error(`json: unsupported value: ${String(resolved.value).replace("Infinity", "Inf")}`)
  }

  #sequence(): unknown[] {
    const items: unknown[] = []
    while (!this.#isAt(EVENT_ID.POP)) items.push(this.#node())
    this.#position++
    return items
  }

  #mapping(): JsonRecord {
    const mapping: JsonRecord = {}
    const merged: unknown[] = []
    while (!this.#isAt(EVENT_ID.POP)) {
      if (this.#isMergeKey()) {
        this.#position++
        merged.push(this.#node())
        continue
      }
      const key = keyText(this.#node())
      const valueEvent = this.#events[this.#position]!
      const value = this.#node()
      if (Object.hasOwn(mapping, key)) {
        this.duplicates.push(`line ${this.#lineOf(valueEvent)}: key ${quote(key)} already set in map`)
      }
      setMember(mapping, key, value)
    }
    this.#position++
    for (const source of merged) mergeInto(mapping, source)
    return mapping
  }

  #isMergeKey(): boolean {
    const event = this.#events[this.#position]!
    const isPlainScalar = event.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN
    return (
      isPlainScalar && event.valueEnd - event.valueStart === 2 && getScalarValue(this.#text, event) === "<<"
    )
  }

  /** The line, from one, on which a node begins. */
  #lineOf(event: Event): number {
    const offset = "valueStart" in event ? event.valueStart : "start" in event ? event.start : 0
    return this.#text.slice(0, Math.max(0, offset)).split("\n").length
  }
}

function keyText(key: unknown): string {
  if (typeof key === "string") return key
  if (typeof key === "boolean" || typeof key === "number" || typeof key === "bigint") return String(key)
  throw new Error(`yaml: unsupported map key: ${key === null ? "null" : JSON.stringify(key)}`)
}

/** `<<`: members of the sources that the mapping does not have itself; earlier sources come first. */
function mergeInto(mapping: JsonRecord, source: unknown): void {
  for (const each of Array.isArray(source) ? source : [source]) {
    if (!isRecord(each)) throw new Error("yaml: map merge requires map or sequence of maps as the value")
    for (const [key, value] of Object.entries(each)) {
      if (!Object.hasOwn(mapping, key)) setMember(mapping, key, value)
    }
  }
}

/** Go's library's measure: the larger a document, the less of it may come from aliases. */
function isExcessive(aliased: number, nodes: number): boolean {
  const low = 400_000
  const high = 4_000_000
  if (aliased <= 100 || nodes <= 1000) return false
  const scale = Math.min(1, Math.max(0, (nodes - low) / (high - low)))
  return aliased / nodes > 0.99 - 0.89 * scale
}
