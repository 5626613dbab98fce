import { writeFileSync } from "node:fs"
import type { Logger } from "../log.ts"

/** Should memory run out, processes of higher scores end before this one. Who may not lower it goes on as it is. */
export function setOomScore(adjustment: number, log: Logger): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", String(adjustment))
  } catch (error) {
    log.info("cannot lower the score by which processes end when memory runs out", { adjustment, error })
  }
}
