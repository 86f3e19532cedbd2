// The compiler's API that openapi-typescript draws with. The compiler of this repository has none: it is a native one.
import common from "@ts-morph/common"

export default common.ts
