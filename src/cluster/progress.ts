/**
 * Tells a person what the start is doing: on a terminal one line that changes, elsewhere a line for each step. The end of
 * a step is what is shown, with the time it took.
 */
export interface Progress {
  /** The step that begins now; ends the one before it. */
  step(text: string): void
  /** Something the user must know; stays on the screen. */
  note(text: string): void
  end(): void
}

interface Terminal {
  readonly isTTY?: boolean
  write(text: string): unknown
}

export function terminalProgress(out: Terminal): Progress {
  let shown = ""
  const clear = () => {
    if (shown) out.write("\r\u001b[2K")
    shown = ""
  }
  return {
    step(text) {
      clear()
      shown = text
      out.write(out.isTTY ? `… ${text}` : `${text}\n`)
      if (!out.isTTY) shown = ""
    },
    note(text) {
      clear()
      out.write(`${text}\n`)
    },
    end: clear,
  }
}
