export {
  ConfigurationError,
  type ConfigurationKind,
  decodeConfiguration,
  refuseInvalid,
} from "../../apimachinery/decode-configuration.ts"
