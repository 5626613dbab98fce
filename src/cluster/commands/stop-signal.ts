/** Resolves at the first SIGINT, SIGTERM or SIGHUP. A second SIGINT ends the process at once, saying `lastWords`. */
export function stopSignal(lastWords: string): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (signal: NodeJS.Signals) => {
      if (asked && signal === "SIGINT") {
        process.stderr.write(`\n${lastWords}\n`)
        process.exit(130)
      }
      asked = true
      resolve()
    }
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal)
  })
}
