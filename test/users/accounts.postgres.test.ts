/** The accounts contract on real PostgreSQL. Hashing is quick here; `privacy.postgres.test.ts` has both for real. */
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
import { TestDatabase } from "../database/testDatabase.ts"
import { accountsContract } from "./contract.ts"
import { logInContract } from "./logInContract.ts"

const accounts = Layer.mergeAll(Users.layer, Sessions.layer).pipe(
  Layer.provideMerge(Tokens.layer),
  Layer.provide(Jobs.layer),
  Layer.provide([
    KillSwitches.layerMemory,
    Revocations.layerUnknown,
    Passwords.layerMemory,
    AppSecret.layerMemory,
    NodeCrypto.layer,
    TestDatabase.layer
  ])
)

accountsContract("in PostgreSQL", accounts)
logInContract("in PostgreSQL", accounts)
