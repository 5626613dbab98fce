import { hashJson } from "../../apimachinery/hash.ts"
import type { Container } from "../../api/core/v1/container.ts"

/** Differs when a running container no longer is what its specification says: of what may change, only its image. */
export function hashContainer({ name, image }: Pick<Container, "name" | "image">): string {
  return hashJson({ name, image })
}
