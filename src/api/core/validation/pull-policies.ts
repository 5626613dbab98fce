export const pullPolicies = ["Always", "IfNotPresent", "Never"]
