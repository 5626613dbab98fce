/** What operations of a group are called: rbac.authorization.k8s.io is RbacAuthorization in ids, rbacAuthorization in tags. */
export function groupNames(group: string): { readonly camelName: string; readonly tag: string } {
  const words = group === "" ? ["core"] : group.replace(/\.k8s\.io$/, "").split(".")
  const tag = words.map((word, index) => (index === 0 ? word : capitalize(word))).join("")
  return { camelName: capitalize(tag), tag }
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
