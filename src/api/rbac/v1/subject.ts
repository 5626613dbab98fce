import { always, field, type Infer, message, string } from "../../../apimachinery/schema.ts"

export const Subject = message(
  "io.k8s.api.rbac.v1.Subject",
  {
    kind: always(1, string, { required: true }),
    apiGroup: field(2, string),
    name: always(3, string, { required: true }),
    namespace: field(4, string),
  },
  { atomic: true, applyDefaults: (subject) => defaultSubject(subject) },
)
export interface Subject extends Infer<typeof Subject> {}

export const RoleRef = message(
  "io.k8s.api.rbac.v1.RoleRef",
  {
    apiGroup: always(1, string, { default: "rbac.authorization.k8s.io" }),
    kind: always(2, string, { required: true }),
    name: always(3, string, { required: true }),
  },
  { atomic: true },
)
export interface RoleRef extends Infer<typeof RoleRef> {}

function defaultSubject(subject: Subject): void {
  if (subject.kind === "User" || subject.kind === "Group") subject.apiGroup ||= "rbac.authorization.k8s.io"
}
