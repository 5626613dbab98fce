import { expect, it } from "vitest"
import { readModel } from "./descriptions.mjs"

it("readModel takes the texts of a class and its fields", () => {
  const source = `
/**
 * Kubernetes
 */
import { V1Affinity } from '../models/V1Affinity.js';
/**
* PodSpec is a description of a pod.
*/
export declare class V1PodSpec {
    /**
    * Says \\"when\\".
    *
    * More.
    */
    'restartPolicy'?: string;
    'affinity'?: V1Affinity;
    /**
    * Where \\'not\\'.
    */
    'nodeName': string;
    static readonly discriminator: string | undefined;
}`
  expect(readModel(source)).toEqual({
    V1PodSpec: {
      "": "PodSpec is a description of a pod.",
      restartPolicy: 'Says "when".\n\nMore.',
      nodeName: "Where 'not'.",
    },
  })
})
