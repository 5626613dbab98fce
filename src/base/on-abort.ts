const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>()

/**
 * Calls `callback` once when `signal` aborts; at once if it has. Gives its removal. However many wait for one signal (every
 * watch of a process does for the one that ends it), the signal itself has a single listener.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback()
    return () => {}
  }
  let callbacks = callbacksOf.get(signal)
  if (!callbacks) {
    const all = new Set<() => void>()
    callbacksOf.set(signal, (callbacks = all))
    signal.addEventListener(
      "abort",
      () => {
        for (const each of all) each()
        all.clear()
      },
      { once: true },
    )
  }
  const own = callbacks
  // Wrapped, so that the same function may wait twice.
  const entry = () => callback()
  own.add(entry)
  return () => void own.delete(entry)
}

/** Waits for `promise`, but not beyond the abort of `signal`: what is being stopped may wait for what never comes. */
export async function orAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let forget = () => {}
  const aborted = new Promise<void>((resolve) => (forget = onAbort(signal, resolve)))
  await Promise.race([promise, aborted])
  forget()
}
