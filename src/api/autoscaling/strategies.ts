import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { HorizontalPodAutoscaler } from "./v2/horizontal-pod-autoscaler.ts"
import {
  validateHorizontalPodAutoscaler,
  validateHorizontalPodAutoscalerStatusUpdate,
  validateHorizontalPodAutoscalerUpdate,
} from "./validation/horizontal-pod-autoscaler.ts"

export const autoscalingRules: RulesByResource = {
  horizontalpodautoscalers: rules<HorizontalPodAutoscaler>({
    validate: validateHorizontalPodAutoscaler,
    validateUpdate: validateHorizontalPodAutoscalerUpdate,
    validateStatusUpdate: validateHorizontalPodAutoscalerStatusUpdate,
  }),
}
