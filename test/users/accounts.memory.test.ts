/** The accounts contract on maps, as the shop in memory has them. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Layer } from "effect"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { Revocations } from "../../src/users/Revocations.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { Users } from "../../src/users/Users.ts"
import { accountsContract } from "./contract.ts"
import { logInContract } from "./logInContract.ts"

const accounts = Layer.mergeAll(Users.layerMemory, Sessions.layerMemory).pipe(
  Layer.provideMerge(Tokens.layer),
  Layer.provide([
    Jobs.layerMemory,
    KillSwitches.layerMemory,
    Revocations.layerUnknown,
    Passwords.layerMemory,
    AppSecret.layerMemory,
    NodeCrypto.layer
  ])
)

accountsContract("in memory", accounts)
logInContract("in memory", accounts)
