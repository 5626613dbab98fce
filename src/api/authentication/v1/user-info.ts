import { field, type Infer, list, mapOf, message, string } from "../../../apimachinery/schema.ts"

export const UserInfo = message("io.k8s.api.authentication.v1.UserInfo", {
  username: field(1, string),
  uid: field(2, string),
  groups: field(3, list(string)),
  extra: field(4, mapOf(list(string, { wrapperField: 1 }))),
})
export interface UserInfo extends Infer<typeof UserInfo> {}
