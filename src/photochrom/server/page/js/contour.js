// Contours of a map of numbers, by marching squares (Lorensen and Cline, 1987, in two dimensions).

/** Lines around all that is at least `level` in `values` of width×height, as an SVG path in units of its cells. */
export function contour(values, width, height, level) {
  const at = (x, y) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : values[y * width + x]);
  const next = new Map(); // edge between two cells -> the edge that the line goes to from there
  const places = new Map();
  for (let y = -1; y < height; y += 1) {
    for (let x = -1; x < width; x += 1) {
      const corners = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      const inside = corners.map((value) => value >= level);
      if (inside.every(Boolean) || !inside.some(Boolean)) continue;
      const names = [`h${x},${y}`, `v${x + 1},${y}`, `h${x},${y + 1}`, `v${x},${y}`];
      for (const [from, to] of lines(inside)) next.set(names[from], names[to]);
      names.forEach((name, number) => places.set(name, crossing(x, y, number, corners, level, width, height)));
    }
  }
  let path = "";
  while (next.size) {
    const [[start]] = next;
    path += `M${places.get(start)}`;
    for (let here = start; next.has(here); ) {
      const there = next.get(here);
      next.delete(here);
      if (there !== start) path += `L${places.get(there)}`;
      here = there;
    }
    path += "Z";
  }
  return path;
}

/** Which edges (0 above, 1 right, 2 below, 3 left) the lines through a square join, each way round what is inside. */
function lines(inside) {
  const begins = [0, 1, 2, 3].filter((edge) => inside[edge] && !inside[(edge + 1) % 4]);
  return begins.map((begin) => {
    let end = begin;
    do end = (end + 3) % 4;
    while (inside[end]); // back around the corners inside, to the edge that leads into them
    return [begin, end];
  });
}

/** Where a line crosses an edge; cells have their middles half a cell from their corners. */
function crossing(x, y, number, corners, level, width, height) {
  const [from, to] = [corners[number], corners[(number + 1) % 4]];
  const share = from === to ? 0.5 : (level - from) / (to - from);
  const [dx, dy] = [[share, 0], [1, share], [1 - share, 1], [0, 1 - share]][number];
  const place = (value, length) => Math.round(Math.min(Math.max(value + 0.5, 0), length) * 100) / 100;
  return `${place(x + dx, width)} ${place(y + dy, height)}`;
}
