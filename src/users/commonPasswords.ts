/**
 * Passwords that anyone would try first. Knows a list of common words and the four ways in which people dress them up:
 * capitals, look-alike characters ("p@ssw0rd"), a short tail or head of digits and signs ("dragon2024!"), and
 * repetition. Runs of the alphabet, of digits and of the keyboard's rows and of a keypad's keys are common too, in both
 * directions; digits in a run, or one digit repeated, also with a letter or two beside them, or behind a common word.
 *
 * The list is of stems, lower case, letters and digits; a longer one may take its place without any change here.
 */
const stems: ReadonlySet<string> = new Set(
  `123123 123321 1q2w3e 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 a1b2c3 a1b2c3d4 abc123 abcd1234 access account admin
  administrator adobe alexander alexis amanda america andrea andrew angel angela angels anthony apple arsenal asdf
  asdfgh asdfghjkl ashley asshole austin azerty babygirl bailey banana barcelona baseball basketball batman
  beautiful benjamin bigdaddy biteme blahblah blink182 bond007 booboo brandon bubbles buster butterfly california
  casper changeme changeit charlie cheese chelsea chicken chocolate chris christian cocacola coffee compaq computer
  consumer cookie corvette cowboy cowboys crystal daniel danielle default demo dennis diamond donald dragon eagles
  elephant elizabeth eminem estrella everton facebook falcon family fender ferrari fishing flower football forever
  freedom friends fuckyou gabriel garfield george ginger gizmo google guest guitar hammer hannah hardcore harley
  heather hello hockey holiday holdfast hunter iceman iloveyou internet jackson jasmine jennifer jessica jesus
  johnny jonathan jordan joseph joshua justin killer knight ladybug lakers lauren letmein letmeinnow linkedin
  liverpool login london loveme lovely lucky madison maggie manager manchester marina marlboro marvin master matrix
  matthew melissa mercedes merlin michael michelle mickey microsoft midnight minecraft monica monkey monster morgan
  motorola mustang mynoob naruto nicholas nicole nothing oliver orange pakistan panther pass passw0rd passport
  passwd password patrick peanut pepper phoenix player please pokemon porsche prince princess purple q1w2e3r4 qazwsx
  qwer1234 qwert qwerty qwertz rachel raiders rainbow ranger rebecca richard robert rockstar rockyou ronaldo root
  samantha samsung scooter secret sebastian service shadow shalom shannon silver skywalker slipknot smokey snoopy
  soccer sophie spider spiderman standard starwars stella steven success summer sunflower sunshine superman
  superstar support sweetie system taylor teacher temp tennis test tester testing thomas thunder tigger tiffany
  tottenham toyota trustno1 tucker tweety unknown user veronica victoria vincent welcome whatever william willow
  winner winter wizard yankees yellow zaq12wsx zxcvbn zxcvbnm alexandra april august autumn buddy charlotte cheesecake
  christopher december dolphin february footba friday gfhjkm harrypotter january july june juventus love manutd march
  metallica monday nirvana november october realmadrid saturday september snowball spongebob spring sunday thursday
  tuesday wednesday woaini`.split(/\s+/)
)

const lookAlikes: ReadonlyMap<string, string> = new Map([
  ["@", "a"],
  ["4", "a"],
  ["8", "b"],
  ["3", "e"],
  ["6", "g"],
  ["1", "i"],
  ["!", "i"],
  ["|", "l"],
  ["0", "o"],
  ["5", "s"],
  ["$", "s"],
  ["7", "t"],
  ["+", "t"],
  ["2", "z"]
])

const rows = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890123456789",
  "qwertyuiop",
  "qwertzuiop",
  "azertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "1qaz2wsx3edc4rfv5tgb",
  "qazwsxedcrfvtgbyhnujm",
  "1q2w3e4r5t6y7u8i9o0p",
  "q1w2e3r4t5y6u7i8o9p0",
  "12qwaszx",
  "1029384756",
  "11223344556677889900",
  "11112222333344445555",
  "147258369",
  "789456123",
  "963852741",
  "741852963",
  "159753456",
  "159357159"
]
const runs = rows.flatMap((row) => [row, [...row].toReversed().join("")])

/** Digits and signs around a word: a year and a sign are five. More of them is not a tail any more. */
const bare = (value: string): string =>
  value.replace(/^[^\p{L}]{0,5}(?=\p{L})/u, "").replace(/(?<=\p{L})[^\p{L}]{0,5}$/u, "")
const folded = (value: string): string => Array.from(value, (sign) => lookAlikes.get(sign) ?? sign).join("")
const withoutSigns = (value: string): string => value.replaceAll(/[^\p{L}\p{N}]/gu, "")

/** "abcabcabc" says no more than "abc"; the shortest part that it repeats. */
const unrepeated = (value: string): string => {
  const at = (value + value).indexOf(value, 1)
  return value.slice(0, at)
}

const isRun = (value: string): boolean => value.length >= 3 && runs.some((run) => run.includes(value))

const isGuess = (value: string): boolean => {
  const unit = unrepeated(value)
  return stems.has(unit) || isRun(unit)
}

/** A run of digits, or one digit again and again, with a letter or two on its sides, or behind a guess. */
const isBesideRun = (value: string): boolean => {
  const [, before = "", digits = "", after = ""] = /^(\p{L}*)(\d{4,})(\p{L}{0,2})$/u.exec(value) ?? []
  const unit = unrepeated(digits)
  if (unit.length !== 1 && !isRun(unit)) return false
  return before.length + after.length <= 2 || (after === "" && isGuess(before))
}

export const isCommonPassword = (password: string): boolean => {
  const lower = password.normalize("NFKC").toLowerCase()
  const plain = withoutSigns(lower)
  const undressed = [lower, plain, bare(lower), bare(plain), folded(lower), bare(folded(lower)), folded(bare(lower))]
  return unrepeated(lower).length < 4 || undressed.some(isGuess) || isBesideRun(plain)
}
