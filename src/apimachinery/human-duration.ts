/**
 * Ages as `kubectl get` prints them: two or three significant figures ("5s", "119s", "2m5s", "4d3h", "3y12d").
 * Two seconds into the future still count as now, since clocks differ.
 */
export function humanDuration(ms: number): string {
  const totalSeconds = Math.trunc(ms / 1000)
  if (totalSeconds < -1) return "<invalid>"
  if (totalSeconds < 0) return "0s"
  if (totalSeconds < 120) return `${totalSeconds}s`
  const minutes = Math.floor(totalSeconds / 60)
  if (minutes < 10) return withRest(minutes, "m", totalSeconds % 60, "s")
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return withRest(hours, "h", minutes % 60, "m")
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (days < 8) return withRest(days, "d", hours % 24, "h")
  const years = Math.floor(days / 365)
  if (years < 2) return `${days}d`
  return years < 8 ? withRest(years, "y", days % 365, "d") : `${years}y`
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole}${unit}` : `${whole}${unit}${rest}${restUnit}`
}

/** One figure: "5s", "3m", "2h", "4d", "1y". */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < -1) return "<invalid>"
  if (seconds < 0) return "0s"
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  const hours = Math.floor(seconds / 3600)
  if (hours < 24) return `${hours}h`
  const days = Math.floor(hours / 24)
  return days < 365 ? `${days}d` : `${Math.floor(days / 365)}y`
}

/** The age of something that began at `start` (RFC 3339), `<unknown>` if that was never said. */
export function formatAge(start: string | null | undefined, now: number): string {
  return start ? humanDuration(now - Date.parse(start)) : "<unknown>"
}
