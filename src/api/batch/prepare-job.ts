import type { LabelSelector } from "../meta/v1/label-selector.ts"
import type { Job } from "./v1/job.ts"
import { legacyLabels, ownLabels } from "./validation/job.ts"

/** Makes the Job's selector, and the labels that it selects, of its uid: pods of earlier Jobs of the name are not its own. */
export function generateSelector({ metadata, spec }: Job): void {
  // Labels that defaulting gave the Job are the template's, and stay them.
  const isShared = metadata.labels !== undefined && metadata.labels === spec.template.metadata?.labels
  if (!spec.manualSelector) selectOwnPods({ metadata, spec })
  const { labels } = spec.template.metadata ?? {}
  if (isShared) metadata.labels = { ...labels }
  else if (labels && !Object.keys(metadata.labels ?? {}).length) metadata.labels = { ...labels }
}

function selectOwnPods({ metadata, spec }: Pick<Job, "metadata" | "spec">): void {
  const { uid = "", name = "" } = metadata
  const [uidLabel, nameLabel] = ownLabels
  const [legacyUidLabel, legacyNameLabel] = legacyLabels
  const own = { [uidLabel]: uid, [nameLabel]: name, [legacyUidLabel]: uid, [legacyNameLabel]: name }
  const { template } = spec
  template.metadata = { ...template.metadata, labels: { ...own, ...template.metadata?.labels } }
  const selector: LabelSelector = spec.selector ?? {}
  spec.selector = { ...selector, matchLabels: { [uidLabel]: uid, ...selector.matchLabels } }
}
