import { type Status, StatusError } from "../apimachinery/status-error.ts"
import { deepFreeze } from "./deep-freeze.ts"
import type { RawWatchEvent } from "./transport.ts"

/**
 * The events of a watch, which travel as one JSON document per line. An ERROR event is thrown as what it says; an
 * unfinished last line is dropped, because the connection broke in the middle of it.
 */
export async function* decodeWatchFrames(chunks: AsyncIterable<Uint8Array>): AsyncIterable<RawWatchEvent> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of chunks) {
    const text = rest + decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      if (end > start) yield decodeEvent(text.slice(start, end))
      start = end + 1
    }
    rest = text.slice(start)
  }
}

function decodeEvent(line: string): RawWatchEvent {
  const event = JSON.parse(line) as { type: RawWatchEvent["type"] | "ERROR"; object: unknown }
  if (event.type === "ERROR") throw StatusError.fromStatus(event.object as Status)
  return deepFreeze(event as RawWatchEvent)
}
