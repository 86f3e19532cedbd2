/** The catalogue's contract on maps, as the shop in memory has them. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { catalogContract } from "./contract.ts"

catalogContract("in memory", Catalog.layerMemory.pipe(Layer.provide(NodeCrypto.layerSecureRandom)))
