// Colours that things often have, to begin with: each with its source. Only a and b are taken; how light a thing is, the
// photo says.
//
// ColorChecker: patches of the X-Rite ColorChecker Classic in sRGB (BabelColor, "The ColorChecker pages", averages of 30
//   charts).
// Monk: the Monk Skin Tone Scale, by Ellis Monk (https://skintone.google, CC BY 4.0), with its number.
// xkcd: the colour survey of 2010, by Randall Munroe (https://xkcd.com/color/rgb/, CC0).
// All others: a name of an old dictionary of colours, and the number of the ISCC-NBS block that it lies in, of which the
//   middle in sRGB is taken; K. L. Kelly and D. B. Judd, "Color: Universal Language and Dictionary of Names", NBS Special
//   Publication 440, 1976, as in Color::Library::Dictionary::NBS_ISCC. The dictionaries are A. Maerz and M. R. Paul,
//   "A Dictionary of Color", 1930; R. Ridgway, "Color Standards and Color Nomenclature", 1912; "Plochere Color System",
//   1948; R. F. Wilson, "Horticultural Colour Chart", 1938. Blocks are broad: such a colour is a beginning.
//   Which name stands for eyes, for field grey and for washed denim, none of them says: it is chosen here.

/** [what, [[name, colour, source], …]] */
export const PRESETS = [
  ["Skin", [
    ["light", "#c29682", "ColorChecker: light skin"],
    ["pale", "#eadaba", "Monk: 4"],
    ["beige", "#d7bd96", "Monk: 5"],
    ["olive", "#a07e56", "Monk: 6"],
    ["brown", "#825c43", "Monk: 7"],
    ["deep brown", "#604134", "Monk: 8"],
    ["dark", "#735244", "ColorChecker: dark skin"],
  ]],
  ["Hair", [
    ["blond", "#c19a6b", "Maerz and Paul: blond, 76"],
    ["dark blond", "#a18f60", "Maerz and Paul: blond, 91"],
    ["red", "#ae6938", "Maerz and Paul: titian, 54"],
    ["auburn", "#79443b", "Ridgway: auburn, 43"],
    ["brown", "#674c47", "Ridgway: chestnut-brown, 46"],
    ["black", "#222222", "Plochere: raven, 267"],
  ]],
  ["Eyes", [
    ["brown", "#6f4e37", "Maerz and Paul: auburn, 58"],
    ["hazel", "#a67b5b", "Maerz and Paul: hazel, 57"],
    ["blue", "#436b95", "Maerz and Paul: cadet blue, 182"],
    ["grey-blue", "#536878", "Maerz and Paul: cadet, 186"],
    ["green", "#8c8767", "Maerz and Paul: moss grey, 109"],
  ]],
  ["Wood", [
    ["light oak", "#c19a6b", "Plochere: light oak, 76"],
    ["maple", "#c2b280", "Maerz and Paul: maple, 90"],
    ["oak", "#80461b", "Maerz and Paul: oak (brown), 55"],
    ["walnut", "#a67b5b", "Plochere: walnut, 57"],
    ["mahogany", "#79443b", "Maerz and Paul: mahogany, 43"],
    ["teak", "#635147", "Maerz and Paul: teakwood, 61"],
  ]],
  ["Brick", [
    ["red", "#79443b", "Ridgway: brick red, 43"],
    ["brown", "#80461b", "Maerz and Paul: brick red, 55"],
    ["yellow", "#fad6a5", "Maerz and Paul: milwaukee brick, 73"],
  ]],
  ["Stone", [
    ["limestone", "#c2b280", "Maerz and Paul: light stone, 90"],
    ["sandstone", "#fad6a5", "Maerz and Paul: bath stone, 73"],
    ["brownstone", "#635147", "Maerz and Paul: brown stone, 61"],
    ["grey stone", "#8a8776", "Maerz and Paul: grey stone, 112"],
    ["granite", "#8b8589", "Maerz and Paul: granite, 233"],
    ["slate", "#51585e", "Maerz and Paul: slate, 192"],
  ]],
  ["Grass", [
    ["fresh", "#8a9a5b", "Maerz and Paul: grass green, 120"],
    ["meadow", "#355e3b", "Maerz and Paul: meadowgrass, 137"],
    ["moss", "#867e36", "Maerz and Paul: moss (green), 106"],
    ["hay", "#b9b57d", "Maerz and Paul: hay, 105"],
  ]],
  ["Foliage", [
    ["leaves", "#576c43", "ColorChecker: foliage"],
    ["dark leaves", "#27a64c", "Plochere: leaf green, 129"],
    ["ivy", "#355e3b", "Maerz and Paul: english ivy, 137"],
    ["cypress", "#4a5d23", "Maerz and Paul: cypress (green), 125"],
    ["spruce", "#3b7861", "Plochere: blue spruce, 145"],
    ["autumn", "#ae6938", "Maerz and Paul: autumn leaf, 54"],
  ]],
  ["Sky", [
    ["blue", "#70a3cc", "Maerz and Paul: sky blue, 181"],
    ["hazy blue", "#627a9d", "ColorChecker: blue sky"],
    ["winter", "#bcd4e6", "Plochere: winter sky, 184"],
    ["pale", "#91a3b0", "Ridgway: light sky blue, 185"],
  ]],
  ["Water", [
    ["lake", "#436b95", "Plochere: lake louise, 182"],
    ["deep sea", "#317873", "Plochere: deep sea, 164"],
    ["pale sea", "#66aabc", "Plochere: china sea, 172"],
    ["grey sea", "#51585e", "Plochere: north sea, 192"],
  ]],
  ["Uniforms", [
    ["khaki", "#c19a6b", "Maerz and Paul: khaki, 76"],
    ["dark khaki", "#826644", "Maerz and Paul: khaki, 77"],
    ["olive drab", "#5b5842", "Maerz and Paul: olive drab, 110"],
    ["navy", "#252440", "Maerz and Paul: navy blue, 201"],
    ["greyish navy", "#36454f", "Maerz and Paul: navy 1, 187"],
    ["field grey", "#515744", "Ridgway: leaf green, 127"],
    ["field grey, green", "#5e716a", "Maerz and Paul: green slate, 150"],
    ["horizon blue", "#91a3b0", "Plochere: horizon, 185"],
    ["scarlet", "#be0032", "Wilson: scarlet, 11"],
  ]],
  ["Denim", [
    ["new", "#00304e", "Ridgway: indigo blue, 183"],
    ["worn", "#3b638c", "xkcd: denim"],
    ["washed", "#436b95", "Maerz and Paul: flaxflower blue, 182"],
    ["faded", "#bcd4e6", "Plochere: winter sky, 184"],
  ]],
  ["Period dyes", [
    ["madder", "#bc3f4a", "Maerz and Paul: madder lake, 12"],
    ["Turkey red", "#ab4e52", "Maerz and Paul: turkey red, 15"],
    ["cochineal", "#be0032", "Maerz and Paul: cochineal, 11"],
    ["indigo", "#36454f", "Ridgway: indigo blue, 187"],
    ["woad", "#536878", "Maerz and Paul: woad, 186"],
    ["weld", "#b9b459", "Maerz and Paul: weld, 102"],
    ["fustic", "#c9ae5d", "Maerz and Paul: fustic, 87"],
    ["cutch", "#6f4e37", "Maerz and Paul: cutch, 58"],
    ["butternut", "#6c541e", "Maerz and Paul: butternut, 95"],
    ["logwood", "#291e29", "Maerz and Paul: logwood, 230"],
    ["mauve", "#875692", "Wilson: mauve, 218"],
    ["magenta", "#9e4f88", "Ridgway: magenta, 237"],
    ["Prussian blue", "#436b95", "Ridgway: prussian blue, 182"],
    ["Scheele's green", "#7e9f2e", "Ridgway: scheele's green, 117"],
  ]],
];
