import { parseImageReference } from "../../api/core/v1/image-reference.ts"

/** The name under which an image is asked for: "nginx" is "nginx:latest". Undefined for what is no image name. */
export function withDefaultTag(image: string): string | undefined {
  const reference = parseImageReference(image)
  if (!reference) return undefined
  return reference.tag || reference.digest ? image : `${image}:latest`
}
