// Two edits of one photo, made in two tabs from the same beginning, become one.

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/**
 * Merge edits: what `mine` changed of `base` is kept, and all else is as in `theirs`.
 *
 * Lists, such as that of points, are merged entry by entry. An entry that one removed and the other changed stays:
 * taking it away again costs a click, and making it again more.
 */
export function mergeEdits(base, mine, theirs) {
  const merged = { ...theirs };
  for (const name of Object.keys(mine)) {
    if (Array.isArray(mine[name])) merged[name] = mergeLists(base[name] ?? [], mine[name], theirs[name] ?? []);
    else if (!same(mine[name], base[name])) merged[name] = mine[name];
  }
  return merged;
}

function mergeLists(base, mine, theirs) {
  const [before, own, other] = [base, mine, theirs].map(byId);
  const changed = (list, id) => list.has(id) && !same(list.get(id), before.get(id));
  const kept = [...other].flatMap(([id, entry]) => {
    if (changed(own, id)) return [own.get(id)];
    const removed = before.has(id) && !own.has(id) && !changed(other, id);
    return removed ? [] : [entry];
  });
  const added = [...own].filter(([id]) => !other.has(id) && changed(own, id)).map(([, entry]) => entry);
  return [...kept, ...added];
}

const byId = (list) => new Map(list.map((entry) => [entry.id ?? JSON.stringify(entry), entry]));
