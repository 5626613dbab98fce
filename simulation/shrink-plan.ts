import type { FaultRates, Plan } from "./operations/operation.ts"

/**
 * The smallest plan that still fails, found by leaving things out: first halves of the steps, then single ones, then kinds
 * of faults on the road. `fails` says whether a plan does.
 */
export async function shrinkPlan(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
  let smallest = plan
  for (let size = Math.ceil(plan.steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < smallest.steps.length; ) {
      const steps = smallest.steps.filter((_, index) => index < start || index >= start + size)
      const tried = { ...smallest, steps }
      if (await fails(tried)) smallest = tried
      else start += size
    }
  }
  for (const kind of Object.keys(plan.rates) as (keyof FaultRates)[]) {
    if (smallest.rates[kind] === 0) continue
    const tried = { ...smallest, rates: { ...smallest.rates, [kind]: 0 } }
    if (await fails(tried)) smallest = tried
  }
  return smallest
}
