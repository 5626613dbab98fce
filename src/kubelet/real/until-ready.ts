import { onAbort } from "../../base/on-abort.ts"

/** Resolves when `ready` does, or when there is no more reason to wait. */
export async function untilReady(ready: Promise<void>, signal: AbortSignal): Promise<void> {
  await Promise.race([ready, new Promise<void>((resolve) => onAbort(signal, resolve))])
}
