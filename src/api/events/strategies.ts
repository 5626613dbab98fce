import type { Event } from "../core/v1/event.ts"
import { validateNewEvent, validateNewEventUpdate } from "../core/validation/event.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"

export const eventsRules: RulesByResource = {
  // Kept as events of the core group.
  events: rules<Event>({ validate: validateNewEvent, validateUpdate: validateNewEventUpdate }),
}
