const dayMs = 24 * 60 * 60_000

/** Which of a directory's files are old logs that go: all but the newest `maxBackups`, and those older than `maxAgeDays`. */
export function planRetention(
  names: readonly string[],
  options: {
    readonly stem: string
    readonly ending: string
    readonly maxBackups: number
    readonly maxAgeDays: number
    readonly nowMs: number
  },
): string[] {
  const { stem, ending, maxBackups, maxAgeDays, nowMs } = options
  const backups = names
    .flatMap((name) => {
      if (!name.startsWith(`${stem}-`) || !name.endsWith(ending)) return []
      const [date = "", time = ""] = name.slice(stem.length + 1, name.length - ending.length).split("T")
      const at = Date.parse(`${date}T${time.replaceAll("-", ":")}Z`)
      return Number.isNaN(at) ? [] : [{ name, at }]
    })
    .sort((a, b) => b.at - a.at)
  return backups
    .filter(
      ({ at }, index) =>
        (maxBackups > 0 && index >= maxBackups) || (maxAgeDays > 0 && at < nowMs - maxAgeDays * dayMs),
    )
    .map(({ name }) => name)
}
