// Reads a zip file a piece at a time, so that large ones need no memory: its entries are slices of the file.

const END = { signature: 0x06054b50, length: 22, comment: 65_535 };
const ENTRY = 0x02014b50;
const [STORED, DEFLATED] = [0, 8];

/** The entries of a zip file: a map of names to functions that give a Blob; throws an Error where it is no sound zip. */
export async function entriesOf(file) {
  const tail = await view(file, Math.max(0, file.size - END.length - END.comment), file.size);
  let end = tail.byteLength - END.length;
  while (end >= 0 && tail.getUint32(end, true) !== END.signature) end -= 1;
  if (end < 0) throw new Error("it is no zip file, or was cut short");
  const [count, length, start] = [tail.getUint16(end + 10, true), tail.getUint32(end + 12, true), tail.getUint32(end + 16, true)];
  if (count === 0xffff || start === 0xffffffff) throw new Error("it is a zip file of more than 4 GB");
  const directory = await view(file, start, start + length);
  const found = new Map();
  for (let at = 0, number = 0; number < count; number += 1) {
    if (at + 46 > directory.byteLength || directory.getUint32(at, true) !== ENTRY) throw new Error("its list of files is damaged");
    const [nameLength, extra, comment] = [28, 30, 32].map((field) => directory.getUint16(at + field, true));
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + 46, nameLength));
    const way = directory.getUint16(at + 10, true);
    const [size, whole, offset] = [20, 24, 42].map((field) => directory.getUint32(at + field, true));
    found.set(name, () => read(file, offset, size, whole, way));
    at += 46 + nameLength + extra + comment;
  }
  return found;
}

async function read(file, offset, size, whole, way) {
  const head = await view(file, offset, offset + 30);
  const start = offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  if (![STORED, DEFLATED].includes(way) || start + size > file.size) throw new Error("a file in it is damaged");
  const packed = file.slice(start, start + size);
  if (way === STORED) return packed;
  return new Response(packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).pipeThrough(upTo(whole))).blob();
}

/** Ends a stream that brings more than its list says, as files do that are made to fill the memory. */
function upTo(most) {
  let come = 0;
  return new TransformStream({
    transform(chunk, out) {
      come += chunk.byteLength;
      if (come > most) out.error(new Error("a file in it is damaged"));
      else out.enqueue(chunk);
    },
  });
}

const view = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
