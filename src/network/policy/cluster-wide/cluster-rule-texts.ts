import type { IpFamily } from "../../../base/ip-address.ts"
import { type Direction, ruleTexts } from "../rule-text.ts"
import type { ClusterPolicy, ClusterPolicyRule } from "./cluster-policy.ts"

/** So much of a flood of denied connections is told that one can see it, and no more. */
const logLimit = "limit rate 10/second burst 20 packets"
/** The kernel takes 127 bytes. */
const longestPrefix = 120

/** The policy's rules in their order, as nft rules. `next` is the verdict for what a rule passes on to the next tier. */
export function clusterRuleTexts(
  policy: ClusterPolicy,
  direction: Direction,
  family: IpFamily,
  next: string,
): string[] {
  return policy.rules[direction].flatMap((rule) => {
    const texts = (verdict: string) => ruleTexts(rule, direction, "", family, verdict)
    switch (rule.action) {
      case "Accept":
        return texts("accept")
      case "Pass":
        return texts(next)
      case "Deny":
        return policy.logsDenied
          ? [...texts(`${logLimit} log prefix "${logPrefix(policy, rule)}"`), ...texts("drop")]
          : texts("drop")
    }
  })
}

function logPrefix({ id }: ClusterPolicy, { title }: ClusterPolicyRule): string {
  const plain = `coracle: ${id} ${title}`.replaceAll(/[^\w./ :-]/g, "_").slice(0, longestPrefix)
  return `${plain}: `
}
