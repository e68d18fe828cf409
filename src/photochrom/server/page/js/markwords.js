// What a mark is called: by its owner's name for it, or by its kind and number; and its colour in words.

import { colorName } from "./colornames.js";
import { lightnessAt, markAb } from "./sampler.js";
import { formOf } from "./shapes.js";

const KINDS = { point: "Colour point", points: "Colour points", stroke: "Colour stroke", area: "Colour area" };

/** Such as "Colour point 2: dark red", or "coat: dark red, hidden". */
export function markWords(mark, number) {
  const form = formOf(mark);
  const kind = {
    point: `${KINDS[form]} ${number}`,
    protected: `Protected ${form === "area" ? "area" : "stroke"} ${number}`,
    draft: `New ${KINDS[form].toLowerCase()}`,
    question: "Question",
  }[mark.kind];
  const color = mark.kind === "protected" ? null : colorWords(mark);
  return [`${mark.name ?? kind}${color ? `: ${color}` : ""}`, ...(mark.hidden ? ["hidden"] : [])].join(", ");
}

export const colorWords = (mark) =>
  mark.color === "none" ? "no colour" : colorName(lightnessAt(mark.x, mark.y), markAb(mark));
