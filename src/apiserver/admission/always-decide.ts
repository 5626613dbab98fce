import { forbidden } from "../../apimachinery/status-errors.ts"
import type { AdmissionAttributes, AdmissionMatch, AdmissionPlugin } from "./admission.ts"

const everything: readonly AdmissionMatch[] = [{ operations: ["CREATE", "UPDATE", "DELETE", "CONNECT"] }]

/** Does nothing; old configurations name it. */
export function alwaysAdmit(): AdmissionPlugin {
  return { name: "AlwaysAdmit", on: everything }
}

/** For tests of what happens then. */
export function alwaysDeny(): AdmissionPlugin {
  const deny = ({ resource, name }: AdmissionAttributes): never => {
    throw forbidden(resource, name, "admission control is denying all modifications")
  }
  return { name: "AlwaysDeny", on: everything, mutate: deny, validate: deny }
}
