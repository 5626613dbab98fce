import { readFile } from "node:fs/promises"
import {
  type Descriptions,
  type DescriptionTable,
  descriptionsFrom,
  noDescriptions,
} from "../../api/openapi/descriptions.ts"

/** The texts that the build has put beside the program; none where it has not been built. */
export async function loadDescriptions(
  file = new URL("descriptions.json", import.meta.url),
): Promise<Descriptions> {
  try {
    return descriptionsFrom(JSON.parse(await readFile(file, "utf8")) as DescriptionTable)
  } catch {
    return noDescriptions
  }
}
