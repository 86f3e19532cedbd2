/**
 * The goods that a shop for trying things out begins with: plain data, in euro cents, with stock, discounts and
 * shipping.
 *
 * Nothing here is special to the code. Some stocks are small on purpose, so that running out can be tried: the last of
 * the lamps and the single press. `received` is how many ever arrived, as `ProductImport` has it.
 */
import { DateTime } from "effect"
import type { Discount, ShippingBand } from "../catalog/TermsOfSale.ts"
import { Sku } from "../catalog/Product.ts"
import type { ProductImport } from "../catalog/ProductImport.ts"

const currency = "EUR"

const product = (sku: string, amount: number, received: number, name: string, description: string): ProductImport => ({
  sku: Sku.make(sku),
  name,
  description,
  price: { amount, currency },
  received
})

export const products: ReadonlyArray<ProductImport> = [
  product(
    "KITCHEN-KETTLE-12",
    4_990,
    140,
    "Gooseneck kettle, 1.2 l",
    "A slim spout for a slow, even pour. Brushed steel, keeps its temperature to the degree for half an hour."
  ),
  product(
    "KITCHEN-PRESS-08",
    3_450,
    1,
    "French press, 0.8 l",
    "Thick glass in a beech frame, with a double sieve that leaves nothing at the bottom of the cup."
  ),
  product(
    "KITCHEN-GRINDER-M",
    8_900,
    60,
    "Hand coffee grinder",
    "Conical steel burrs, forty steps, and a crank that folds away. Enough for two cups in under a minute."
  ),
  product(
    "KITCHEN-SCALE-2",
    2_790,
    210,
    "Kitchen scale with timer",
    "Weighs to a tenth of a gram up to two kilograms and counts the seconds while you pour."
  ),
  product(
    "KITCHEN-KNIFE-20",
    7_400,
    85,
    "Chef's knife, 20 cm",
    "Forged from one piece, balanced at the bolster, with a handle of smoked oak."
  ),
  product(
    "KITCHEN-BOARD-L",
    3_900,
    120,
    "Chopping board, large",
    "End-grain walnut, oiled by hand, with a groove that catches what runs off."
  ),
  product(
    "KITCHEN-PAN-28",
    5_600,
    95,
    "Iron skillet, 28 cm",
    "Seasoned twice before it leaves the foundry. Gets better with every egg."
  ),
  product(
    "KITCHEN-POT-5",
    9_900,
    48,
    "Stew pot, 5 l",
    "Enamelled cast iron with a heavy lid, from the stove to the oven to the table."
  ),
  product(
    "KITCHEN-APRON",
    2_900,
    300,
    "Work apron, linen",
    "Two deep pockets, straps that cross at the back, washed soft."
  ),
  product(
    "TABLE-MUG-SET4",
    3_600,
    180,
    "Stoneware mugs, set of four",
    "Thrown in small batches, glazed in four shades of fog. Safe in the dishwasher."
  ),
  product(
    "TABLE-BOWL-SET6",
    4_200,
    130,
    "Breakfast bowls, set of six",
    "Wide enough for fruit, deep enough for soup, and they stack."
  ),
  product(
    "TABLE-CARAFE-1",
    2_450,
    160,
    "Water carafe, 1 l",
    "Mouth-blown glass with a cork ball that lands where it should."
  ),
  product(
    "TABLE-NAPKIN-8",
    2_200,
    240,
    "Linen napkins, set of eight",
    "Stonewashed, in undyed flax. They want no ironing."
  ),
  product(
    "HOME-LAMP-DESK",
    11_900,
    3,
    "Desk lamp with clamp",
    "Two springs, three joints and a warm light that dims without flicker."
  ),
  product(
    "HOME-LAMP-FLOOR",
    18_900,
    22,
    "Reading lamp, 140 cm",
    "Stands behind the armchair and looks over your shoulder. The shade turns all the way round."
  ),
  product(
    "HOME-BLANKET-W",
    12_900,
    70,
    "Wool blanket, 130 x 200",
    "Lambswool from the north coast, woven in a herringbone and brushed on both sides."
  ),
  product(
    "HOME-CUSHION-50",
    3_900,
    150,
    "Cushion with filling, 50 x 50",
    "Heavy cotton canvas outside, feathers inside, and a zip that you do not see."
  ),
  product(
    "HOME-CLOCK-30",
    6_500,
    55,
    "Wall clock, 30 cm",
    "A quiet sweep movement behind plain numerals that can be read from the bed."
  ),
  product(
    "HOME-VASE-S",
    2_700,
    110,
    "Bud vase",
    "For one branch or three stems; weighted at the foot so that it stays up."
  ),
  product(
    "HOME-CANDLE-3",
    1_850,
    400,
    "Beeswax candles, set of three",
    "Dipped eleven times. About nine hours each, without a smell of anything but honey."
  ),
  product(
    "DESK-NOTEBOOK-A5",
    1_450,
    600,
    "Notebook A5, dotted",
    "Two hundred numbered pages of paper that takes ink, sewn so that it lies flat."
  ),
  product(
    "DESK-PEN-FINE",
    4_800,
    90,
    "Fountain pen, fine nib",
    "A steel nib, a brass body that warms in the hand, and a converter in the box."
  ),
  product(
    "DESK-INK-BLUE",
    1_290,
    320,
    "Ink, midnight blue, 50 ml",
    "Dries fast, flows well, and washes out of most shirts."
  ),
  product("DESK-TRAY-OAK", 3_300, 75, "Desk tray, oak", "Three compartments for the things that otherwise wander."),
  product(
    "OUTDOOR-BOTTLE-75",
    2_990,
    260,
    "Insulated bottle, 0.75 l",
    "Cold for a day, hot for half of one, and a lid that a child can open and a bag cannot."
  ),
  product(
    "OUTDOOR-PACK-22",
    8_900,
    64,
    "Day pack, 22 l",
    "Waxed canvas, one big pocket, two small ones, and straps that do not squeak."
  ),
  product(
    "OUTDOOR-KNIFE-P",
    3_400,
    115,
    "Pocket knife",
    "One blade, one corkscrew, and a scale of olive wood. Locks when open."
  ),
  product(
    "OUTDOOR-TORCH-300",
    3_950,
    145,
    "Torch, 300 lumens",
    "Charges from any cable, shows what is left, and survives a night in the rain."
  ),
  product(
    "OUTDOOR-HAMMOCK",
    6_900,
    40,
    "Hammock for two",
    "Cotton weave with fringes, ropes included. Carries two hundred kilograms of people and books."
  ),
  product(
    "GARDEN-TROWEL",
    1_990,
    190,
    "Hand trowel",
    "A blade of hardened steel with a scale for depth, on an ash handle."
  ),
  product(
    "GARDEN-CAN-5",
    4_400,
    66,
    "Watering can, 5 l",
    "Galvanised, with a brass rose that rains instead of pouring."
  ),
  product(
    "GIFT-CARD-SLEEVE",
    290,
    5_000,
    "Gift sleeve with card",
    "Heavy paper, a ribbon, and room for more words than you planned."
  )
]

const startsAt = DateTime.makeUnsafe("2024-01-01T00:00:00Z")

export const discounts: ReadonlyArray<Discount> = [
  {
    code: "WELCOME10",
    kind: "percentage",
    value: 10,
    minimumSubtotal: 2_000,
    startsAt,
    endsAt: DateTime.makeUnsafe("2099-01-01T00:00:00Z")
  },
  {
    code: "FIFTEEN-OFF",
    kind: "amount",
    value: 1_500,
    currency,
    minimumSubtotal: 10_000,
    startsAt,
    endsAt: DateTime.makeUnsafe("2099-01-01T00:00:00Z")
  }
]

/** Small parcels cost most; from 100 euros on shipping is free. */
export const shippingBands: ReadonlyArray<ShippingBand> = [
  { currency, minimumSubtotal: 0, price: 590 },
  { currency, minimumSubtotal: 5_000, price: 390 },
  { currency, minimumSubtotal: 10_000, price: 0 }
]
